// Cases about messages: the four kinds of call and their sizes.

import InteropProtos
import RPC

extension InteropPeer {
  func emptyUnary() async throws {
    let response = try await service.emptyCall(Grpc.Testing.Empty(), options: Self.options)
    try expect(response == Grpc.Testing.Empty(), "the response is not empty")
  }

  func largeUnary() async throws {
    let response = try await service.unaryCall(Self.simple(), options: Self.options)
    try expect(response.payload, byteCount: Self.largeResponse)
  }

  func clientStreaming() async throws {
    let call = try await service.streamingInputCall(options: Self.options)
    for size in Self.requestSizes {
      try await call.write(InputRequest(payload: Self.zeros(size)))
    }
    await call.finishWriting()
    let sum = Int32(Self.requestSizes.reduce(0, +))
    let counted = try await call.next()?.aggregatedPayloadSize
    try expect(counted == sum, "the server counted \(counted ?? -1) bytes instead of \(sum)")
    try expect(try await call.next() == nil, "a second response came")
  }

  func serverStreaming() async throws {
    let responses = try await service.streamingOutputCall(
      Self.output(Self.responseSizes), options: Self.options)
    try await expect(Self.responseSizes) { try await responses.next() }
  }

  func pingPong() async throws {
    let talk = try await service.fullDuplexCall(options: Self.options)
    for (request, response) in zip(Self.requestSizes, Self.responseSizes) {
      try await talk.write(Self.output([response], requestSize: request))
      try expect(try await talk.next()?.payload, byteCount: response)
    }
    await talk.finishWriting()
    try await expect([]) { try await talk.next() }
  }

  func halfDuplex() async throws {
    let talk = try await service.halfDuplexCall(options: Self.options)
    for (request, response) in zip(Self.requestSizes, Self.responseSizes) {
      try await talk.write(Self.output([response], requestSize: request))
    }
    await talk.finishWriting()
    try await expect(Self.responseSizes) { try await talk.next() }
  }

  func emptyStream() async throws {
    let talk = try await service.fullDuplexCall(options: Self.options)
    await talk.finishWriting()
    try await expect([]) { try await talk.next() }
  }
}
