// The suite's service: every call is answered as its first request says, and told what was seen of
// it. What a handler must do is written at the service in the suite's own schema.

import ConnectProtos
import ProtoWire
import RPC

struct ConformanceService: Suite.ConformanceServiceServer {
  /// Longest pause before a response.
  private static let pause = Duration.seconds(60)

  func unary(
    _ request: Suite.UnaryRequest, context: ServerContext
  ) async throws(RPCError) -> Suite.UnaryResponse {
    var record = CallRecord(context)
    try record.note(request)
    return Suite.UnaryResponse(
      payload: try await answer(request.responseDefinition, &record, context))
  }

  func idempotentUnary(
    _ request: Suite.IdempotentUnaryRequest, context: ServerContext
  ) async throws(RPCError) -> Suite.IdempotentUnaryResponse {
    var record = CallRecord(context)
    try record.note(request)
    return Suite.IdempotentUnaryResponse(
      payload: try await answer(request.responseDefinition, &record, context))
  }

  func clientStream(
    _ requests: RequestReader<Suite.ClientStreamRequest>, context: ServerContext
  ) async throws(RPCError) -> Suite.ClientStreamResponse {
    var record = CallRecord(context)
    var first: Suite.ClientStreamRequest?
    while let request = try await requests.next() {
      try record.note(request)
      if first == nil { first = request }
    }
    return Suite.ClientStreamResponse(
      payload: try await answer(first?.responseDefinition, &record, context))
  }

  func serverStream(
    _ request: Suite.ServerStreamRequest, responses: ResponseWriter<Suite.ServerStreamResponse>,
    context: ServerContext
  ) async throws(RPCError) {
    var record = CallRecord(context)
    try record.note(request)
    guard let definition = request.responseDefinition else { return }
    begin(definition, context)
    for (index, data) in definition.responseData.enumerated() {
      try await Self.wait(definition.responseDelayMs)
      let seen = index == 0 ? record.takeAll() : nil
      try await responses.write(Suite.ServerStreamResponse(payload: .init(data, seen)))
    }
    try end(definition, &record)
  }

  func bidiStream(
    _ requests: RequestReader<Suite.BidiStreamRequest>,
    responses: ResponseWriter<Suite.BidiStreamResponse>, context: ServerContext
  ) async throws(RPCError) {
    var record = CallRecord(context)
    var first: Suite.BidiStreamRequest?
    var rest: ArraySlice<[UInt8]> = []
    var hasAnswered = false
    while let request = try await requests.next() {
      try record.note(request)
      if first == nil {
        first = request
        rest = request.responseDefinition?.responseData[...] ?? []
        if let definition = request.responseDefinition { begin(definition, context) }
      }
      guard first?.fullDuplex == true else { continue }
      // A request beyond the last response ends the call.
      guard let data = rest.popFirst() else { break }
      let seen = hasAnswered ? record.takeRequests() : record.takeAll()
      hasAnswered = true
      try await Self.wait(first?.responseDefinition?.responseDelayMs)
      try await responses.write(Suite.BidiStreamResponse(payload: .init(data, seen)))
    }
    guard let definition = first?.responseDefinition else { return }
    for data in rest {
      try await Self.wait(definition.responseDelayMs)
      let seen = hasAnswered ? nil : record.takeAll()
      hasAnswered = true
      try await responses.write(Suite.BidiStreamResponse(payload: .init(data, seen)))
    }
    try end(definition, &record)
  }

  func unimplemented(
    _ request: Suite.UnimplementedRequest, context: ServerContext
  ) async throws(RPCError) -> Suite.UnimplementedResponse {
    throw RPCError(.unimplemented, "nobody implements this method")
  }

  // MARK: As requests say

  private func answer(
    _ definition: Suite.UnaryResponseDefinition?, _ record: inout CallRecord,
    _ context: ServerContext
  ) async throws(RPCError) -> Suite.ConformancePayload {
    let seen = record.takeAll()
    guard let definition else { return Suite.ConformancePayload(requestInfo: seen) }
    context.prepare(definition.responseHeaders, definition.responseTrailers)
    try await Self.wait(definition.responseDelayMs)
    return switch definition.response {
    case .error(let error): throw error.status(seen)
    case .responseData(let data): Suite.ConformancePayload(data, seen)
    case nil: Suite.ConformancePayload(requestInfo: seen)
    }
  }

  /// Sends the headers at once, so that a client can read them before the first response.
  private func begin(_ definition: Suite.StreamResponseDefinition, _ context: ServerContext) {
    context.prepare(definition.responseHeaders, definition.responseTrailers)
    context.sendInitialMetadata()
  }

  /// Throws the error that was asked for; it tells of the call when no response did.
  private func end(
    _ definition: Suite.StreamResponseDefinition, _ record: inout CallRecord
  ) throws(RPCError) {
    guard let error = definition.error else { return }
    throw error.status(definition.responseData.isEmpty ? record.takeAll() : nil)
  }

  private static func wait(_ milliseconds: UInt32?) async throws(RPCError) {
    guard let milliseconds, milliseconds > 0 else { return }
    do {
      try await Task.sleep(for: min(.milliseconds(milliseconds), pause))
    } catch {
      throw .cancelled
    }
  }
}

extension Suite.ConformancePayload {
  init(_ data: [UInt8], _ seen: RequestInfo?) { self.init(data: data, requestInfo: seen) }
}
