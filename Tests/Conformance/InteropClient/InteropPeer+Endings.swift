// Cases about how calls end: cancellation, statuses, metadata, unknown methods, deadlines.

import InteropProtos
import RPC

extension InteropPeer {
  private static let initialName = "x-grpc-test-echo-initial"
  private static let initialValue = "test_initial_metadata_value"
  private static let trailingName = "x-grpc-test-echo-trailing-bin"
  private static let trailingValue: [UInt8] = [0xab, 0xab, 0xab]
  private static let specialMessage =
    "\t\ntest with whitespace\r\nand Unicode BMP \u{263a} and non-BMP \u{1f608}\t\n"

  func cancelAfterBegin() async throws {
    let call = try await service.streamingInputCall(options: Self.options)
    call.cancel()
    try await expectStatus(.cancelled) { _ = try await call.next() }
  }

  func cancelAfterFirstResponse() async throws {
    let talk = try await service.fullDuplexCall(options: Self.options)
    try await talk.write(Self.output([31_415], requestSize: 27_182))
    try expect(try await talk.next()?.payload, byteCount: 31_415)
    talk.cancel()
    try await expectStatus(.cancelled) { _ = try await talk.next() }
  }

  func statusCodeAndMessage() async throws {
    let status = Grpc.Testing.EchoStatus(code: 2, message: "test status message")
    try await expectStatus(.unknown, status.message) {
      _ = try await service.unaryCall(SimpleRequest(responseStatus: status), options: Self.options)
    }
    let talk = try await service.fullDuplexCall(options: Self.options)
    try await talk.write(OutputRequest(responseStatus: status))
    await talk.finishWriting()
    try await expectStatus(.unknown, status.message) { _ = try await talk.next() }
  }

  func specialStatusMessage() async throws {
    let status = Grpc.Testing.EchoStatus(code: 2, message: Self.specialMessage)
    try await expectStatus(.unknown, Self.specialMessage) {
      _ = try await service.unaryCall(SimpleRequest(responseStatus: status), options: Self.options)
    }
  }

  func customMetadata() async throws {
    var options = Self.options
    options.metadata.append(Self.initialName, Self.initialValue)
    options.metadata.append(Self.trailingName, binary: Self.trailingValue)
    // As a stream, because the stub of a unary call does not tell its response's metadata.
    let unary: ClientStream<SimpleRequest, SimpleResponse> = try await transport.openStream(
      Grpc.Testing.TestServiceMethods.unaryCall, options)
    try await unary.write(Self.simple())
    await unary.finishWriting()
    try expect(try await unary.next()?.payload, byteCount: Self.largeResponse)
    try expect(try await unary.next() == nil, "a second response came")
    try expectEcho(await unary.metadata())

    let talk = try await service.fullDuplexCall(options: options)
    try await talk.write(Self.output([Self.largeResponse], requestSize: Self.largeRequest))
    await talk.finishWriting()
    try await expect([Self.largeResponse]) { try await talk.next() }
    try expectEcho(await talk.metadata())
  }

  private func expectEcho(_ metadata: (initial: Metadata, trailing: Metadata)) throws {
    let initial = metadata.initial[Self.initialName]
    try expect(initial == Self.initialValue, "initial metadata came as \(initial ?? "nothing")")
    let trailing = metadata.trailing.binaryValues(Self.trailingName)
    try expect(trailing == [Self.trailingValue], "trailing metadata came as \(trailing)")
  }

  func unimplementedMethod() async throws {
    try await expectStatus(.unimplemented) {
      _ = try await service.unimplementedCall(Grpc.Testing.Empty(), options: Self.options)
    }
  }

  func unimplementedService() async throws {
    let nobody = Grpc.Testing.UnimplementedServiceClient(transport)
    try await expectStatus(.unimplemented) {
      _ = try await nobody.unimplementedCall(Grpc.Testing.Empty(), options: Self.options)
    }
  }

  func timeoutOnSleepingServer() async throws {
    try await expectStatus(.deadlineExceeded) {
      let talk = try await service.fullDuplexCall(options: CallOptions(timeout: .milliseconds(1)))
      try await talk.write(Self.output([], requestSize: 27_182))
      _ = try await talk.next()
    }
  }
}
