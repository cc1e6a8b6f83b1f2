// Cases about compression: messages come compressed exactly when they were asked to.

import InteropProtos
import RPC

extension InteropPeer {
  private static let yes = Grpc.Testing.BoolValue(value: true)
  private static let no = Grpc.Testing.BoolValue(value: false)

  private static var compressing: CallOptions {
    var options = options
    options.compressesRequests = true
    return options
  }

  func clientCompressedUnary() async throws {
    var request = Self.simple()
    request.expectCompressed = Self.yes
    // A server that cannot tell has to say so before the rest means anything.
    try await expectStatus(.invalidArgument) {
      _ = try await service.unaryCall(request, options: Self.options)
    }
    let first = try await service.unaryCall(request, options: Self.compressing)
    try expect(first.payload, byteCount: Self.largeResponse)
    request.expectCompressed = Self.no
    let second = try await service.unaryCall(request, options: Self.options)
    try expect(second.payload, byteCount: Self.largeResponse)
  }

  func clientCompressedStreaming() async throws {
    let announced = InputRequest(payload: Self.zeros(27_182), expectCompressed: Self.yes)
    try await expectStatus(.invalidArgument) {
      let probe = try await service.streamingInputCall(options: Self.options)
      try await probe.write(announced)
      await probe.finishWriting()
      _ = try await probe.next()
    }
    let call = try await service.streamingInputCall(options: Self.compressing)
    try await call.write(announced)
    try await call.write(
      InputRequest(payload: Self.zeros(45_904), expectCompressed: Self.no), compress: false)
    await call.finishWriting()
    let counted = try await call.next()?.aggregatedPayloadSize
    try expect(counted == 73_086, "the server counted \(counted ?? -1) bytes instead of 73086")
  }

  func serverCompressedUnary() async throws {
    for wish in [Self.yes, Self.no] {
      let call: ClientStream<SimpleRequest, SimpleResponse> = try await transport.openStream(
        Grpc.Testing.TestServiceMethods.unaryCall, Self.options)
      var request = Self.simple()
      request.responseCompressed = wish
      try await call.write(request)
      await call.finishWriting()
      try expect(try await call.next()?.payload, byteCount: Self.largeResponse)
      try expectCompressed(wish.value, await call.lastWasCompressed())
      try expect(try await call.next() == nil, "a second response came")
    }
  }

  func serverCompressedStreaming() async throws {
    var request = Self.output([31_415, 92_653])
    request.responseParameters[0].compressed = Self.yes
    request.responseParameters[1].compressed = Self.no
    let responses = try await service.streamingOutputCall(request, options: Self.options)
    for wish in request.responseParameters {
      try expect(try await responses.next()?.payload, byteCount: Int(wish.size))
      try expectCompressed(wish.compressed == Self.yes, await responses.lastWasCompressed())
    }
    try expect(try await responses.next() == nil, "a third response came")
  }

  private func expectCompressed(_ wanted: Bool, _ came: Bool) throws {
    try expect(wanted == came, "a response came \(came ? "" : "un")compressed, against its request")
  }
}
