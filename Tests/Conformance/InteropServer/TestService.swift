// The interoperability service: it does what each request says. Sizes and pauses come from
// strangers and are bounded here.

import Glibc
import InteropProtos
import RPC
import Reactor

struct TestService: Grpc.Testing.TestServiceServer {
  typealias Empty = Grpc.Testing.Empty
  typealias SimpleRequest = Grpc.Testing.SimpleRequest
  typealias SimpleResponse = Grpc.Testing.SimpleResponse
  typealias OutputRequest = Grpc.Testing.StreamingOutputCallRequest
  typealias OutputResponse = Grpc.Testing.StreamingOutputCallResponse
  typealias InputRequest = Grpc.Testing.StreamingInputCallRequest
  typealias InputResponse = Grpc.Testing.StreamingInputCallResponse

  /// Largest response: what clients accept by default.
  private static let payloadBytes = 4 << 20
  /// Longest pause between two responses.
  private static let pause = Duration.seconds(60)
  /// Half-duplex requests kept until the last has come.
  private static let heldRequests = 1_024

  func emptyCall(_ request: Empty, context: ServerContext) async throws(RPCError) -> Empty {
    Empty()
  }

  func unaryCall(
    _ request: SimpleRequest, context: ServerContext
  ) async throws(RPCError) -> SimpleResponse {
    try Self.check(request.expectCompressed, context)
    try Self.check(request.responseStatus)
    try Self.check(request.responseType)
    if request.responseCompressed?.value == true { context.compressResponses() }
    return SimpleResponse(payload: try Self.payload(request.responseSize))
  }

  func cacheableUnaryCall(
    _ request: SimpleRequest, context: ServerContext
  ) async throws(RPCError) -> SimpleResponse {
    context.addInitialMetadata("cache-control", "max-age=60, public")
    // No two answers are the same, so that a client sees which of them came out of a cache.
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let stamp = String(Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
    return SimpleResponse(payload: Grpc.Testing.Payload(body: Array(stamp.utf8)))
  }

  func streamingOutputCall(
    _ request: OutputRequest, responses: ResponseWriter<OutputResponse>, context: ServerContext
  ) async throws(RPCError) {
    context.compressResponses()
    try await Self.answer(request, responses)
  }

  func streamingInputCall(
    _ requests: RequestReader<InputRequest>, context: ServerContext
  ) async throws(RPCError) -> InputResponse {
    var byteCount: Int32 = 0
    while let request = try await requests.next() {
      try Self.check(request.expectCompressed, context)
      byteCount &+= Int32(truncatingIfNeeded: request.payload?.body.count ?? 0)
    }
    return InputResponse(aggregatedPayloadSize: byteCount)
  }

  func fullDuplexCall(
    _ requests: RequestReader<OutputRequest>, responses: ResponseWriter<OutputResponse>,
    context: ServerContext
  ) async throws(RPCError) {
    context.compressResponses()
    while let request = try await requests.next() { try await Self.answer(request, responses) }
  }

  func halfDuplexCall(
    _ requests: RequestReader<OutputRequest>, responses: ResponseWriter<OutputResponse>,
    context: ServerContext
  ) async throws(RPCError) {
    var held: [OutputRequest] = []
    while let request = try await requests.next() {
      guard held.count < Self.heldRequests else {
        throw RPCError(.resourceExhausted, "more than \(Self.heldRequests) requests")
      }
      held.append(request)
    }
    context.compressResponses()
    for request in held { try await Self.answer(request, responses) }
  }

  func unimplementedCall(_ request: Empty, context: ServerContext) async throws(RPCError) -> Empty {
    throw RPCError(.unimplemented, "nobody implements this method")
  }

  // MARK: What requests ask for

  private static func answer(
    _ request: OutputRequest, _ responses: ResponseWriter<OutputResponse>
  ) async throws(RPCError) {
    try check(request.responseStatus)
    try check(request.responseType)
    for wish in request.responseParameters {
      let payload = try payload(wish.size)
      try await wait(microseconds: wish.intervalUs)
      try await responses.write(
        OutputResponse(payload: payload), compress: wish.compressed?.value == true)
    }
  }

  private static func check(_ status: Grpc.Testing.EchoStatus?) throws(RPCError) {
    guard let status, status.code != 0 else { return }
    throw RPCError(StatusCode(rawValue: Int(status.code)) ?? .unknown, status.message)
  }

  private static func check(_ type: Grpc.Testing.PayloadType) throws(RPCError) {
    guard type != .compressable else { return }
    throw RPCError(.invalidArgument, "payloads of type \(type.rawValue) are not served")
  }

  private static func check(
    _ expected: Grpc.Testing.BoolValue?, _ context: ServerContext
  ) throws(RPCError) {
    guard let expected, expected.value != context.lastRequestWasCompressed else { return }
    throw RPCError(
      .invalidArgument, "the request came \(expected.value ? "un" : "")compressed, not as announced"
    )
  }

  private static func payload(_ size: Int32) throws(RPCError) -> Grpc.Testing.Payload {
    guard (0...payloadBytes).contains(Int(size)) else {
      throw RPCError(.invalidArgument, "a response has 0 to \(payloadBytes) bytes, not \(size)")
    }
    return Grpc.Testing.Payload(body: [UInt8](repeating: 0, count: Int(size)))
  }

  private static func wait(microseconds: Int32) async throws(RPCError) {
    guard microseconds > 0 else { return }
    do {
      try await Task.sleep(for: min(.microseconds(microseconds), pause))
    } catch {
      throw .cancelled
    }
  }
}
