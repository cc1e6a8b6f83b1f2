// The server under test as the cases see it: stubs, the messages they send, and what they expect.

import InteropProtos
import RPC

/// What a case found that should not be.
struct CaseFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// The server at the other end of a channel.
struct InteropPeer: Sendable {
  typealias SimpleRequest = Grpc.Testing.SimpleRequest
  typealias SimpleResponse = Grpc.Testing.SimpleResponse
  typealias OutputRequest = Grpc.Testing.StreamingOutputCallRequest
  typealias OutputResponse = Grpc.Testing.StreamingOutputCallResponse
  typealias InputRequest = Grpc.Testing.StreamingInputCallRequest
  typealias Talk = ClientStream<OutputRequest, OutputResponse>

  /// Sizes in bytes that the description gives.
  static let largeRequest = 271_828
  static let largeResponse = 314_159
  static let requestSizes = [27_182, 8, 1_828, 45_904]
  static let responseSizes = [31_415, 9, 2_653, 58_979]
  /// Bounds every call, so that a silent server fails its case.
  static let options = CallOptions(timeout: .seconds(30))

  let transport: any ClientTransport
  let service: Grpc.Testing.TestServiceClient

  init(_ transport: any ClientTransport) {
    self.transport = transport
    service = Grpc.Testing.TestServiceClient(transport)
  }

  static func zeros(_ count: Int) -> Grpc.Testing.Payload {
    Grpc.Testing.Payload(body: [UInt8](repeating: 0, count: count))
  }

  static func simple(_ requestSize: Int = largeRequest, response: Int = largeResponse)
    -> SimpleRequest
  {
    SimpleRequest(responseSize: Int32(response), payload: zeros(requestSize))
  }

  static func output(_ responseSizes: [Int], requestSize: Int? = nil) -> OutputRequest {
    OutputRequest(
      responseParameters: responseSizes.map { Grpc.Testing.ResponseParameters(size: Int32($0)) },
      payload: requestSize.map(zeros))
  }

  // MARK: Expectations

  func expect(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws {
    guard condition else { throw CaseFailure(otherwise()) }
  }

  func expect(_ payload: Grpc.Testing.Payload?, byteCount: Int) throws {
    let body = payload?.body ?? []
    try expect(body.count == byteCount, "\(body.count) bytes came instead of \(byteCount)")
    try expect(body.allSatisfy { $0 == 0 }, "the payload is not all zeros")
  }

  /// Reads responses of these sizes and no more.
  func expect(_ sizes: [Int], from next: () async throws -> OutputResponse?) async throws {
    for size in sizes { try expect(try await next()?.payload, byteCount: size) }
    try expect(try await next() == nil, "more than \(sizes.count) responses came")
  }

  func expectStatus(
    _ code: StatusCode, _ message: String? = nil, from body: () async throws -> Void
  ) async throws {
    do {
      try await body()
    } catch let error as RPCError {
      try expect(error.code == code, "\(error) came instead of \(code.name)")
      guard let message else { return }
      let came = error.message
      return try expect(came == message, "the message was \(came.debugDescription)")
    }
    throw CaseFailure("the call succeeded instead of ending with \(code.name)")
  }
}
