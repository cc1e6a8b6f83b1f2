// One attempt of a call on a client connection: reads header blocks and trailers, sends DATA.

import Bytes
import HTTP2
import RPC

/// States: open → over, when the attempt has an outcome or its call wants no more of it.
final class ClientCallTransport: ClientStreamSink {
  /// False for what nobody waits for.
  let isCall: Bool
  private let call: ClientStreamState
  private let stream: HTTP2Stream
  /// A ring by way of the stream, cut when the stream or the connection ends.
  private let connection: Connection
  private var isOver = false

  init(_ stream: HTTP2Stream, _ call: ClientStreamState, _ connection: Connection, isCall: Bool) {
    self.stream = stream
    self.call = call
    self.connection = connection
    self.isCall = isCall
  }

  // MARK: From the server

  func receiveHeaders(_ block: HeaderBlock, endStream: Bool) {
    guard !isOver else { return }
    let status = block[":status"] ?? ""
    if status.hasPrefix("1") { return }
    guard status == "200" else {
      return fail(
        RPCError(StatusCode(httpStatus: Int(status) ?? 0), "the server answered HTTP \(status)"))
    }
    if endStream { return receiveTrailers(block) }
    guard let type = block["content-type"], type.hasPrefix("application/grpc") else {
      return fail(RPCError(.unknown, "the server does not speak gRPC here"))
    }
    call.receiveHeaders(Self.metadata(block))
  }

  func receive(_ bytes: UnsafeRawBufferPointer) {
    guard !isOver else { return reopenWindow(bytes.count) }
    call.receive(bytes)
  }

  func receiveTrailers(_ block: HeaderBlock) {
    guard !isOver else { return }
    let trailers = Self.metadata(block)
    guard let wire = block["grpc-status"] else { return receiveEndWithoutTrailers() }
    end(resetCode: 0)
    let code = StatusCode(wire: wire)
    guard code != .ok else { return call.receiveStatus(nil, trailers: trailers) }
    let details = trailers.binaryValues("grpc-status-details-bin").first ?? []
    call.receiveStatus(
      RPCError(
        code, PercentEncoding.decode(block["grpc-message"] ?? ""), details: details,
        trailers: trailers), trailers: trailers)
  }

  func receiveEndWithoutTrailers() {
    fail(RPCError(.unknown, "the server ended the call without a status"))
  }

  /// The stream is gone. `isGoingAway` when the server takes no new ones.
  func receiveReset(_ code: UInt32, isGoingAway: Bool) {
    guard !isOver else { return }
    isOver = true
    call.attemptFailed(Self.error(reset: code), reach(code, isGoingAway))
  }

  func connectionLost(_ reason: String) {
    guard !isOver else { return }
    isOver = true
    call.attemptFailed(
      RPCError(.unavailable, "the connection was lost: \(reason)"),
      stream.isRequestSent ? .processed : .unsent)
  }

  func noteDrained() { call.noteDrained() }

  /// A request that cannot be sent although the server takes requests, such as one with too many
  /// headers, could not be sent another time either.
  private func reach(_ code: UInt32, _ isGoingAway: Bool) -> AttemptReach {
    if !stream.isRequestSent, isGoingAway { return .unsent }
    return code == Self.refusedStream ? .refused : .processed
  }

  private func fail(_ error: RPCError) {
    guard !isOver else { return }
    end(resetCode: 8)
    call.attemptFailed(error, .processed)
  }

  private static let refusedStream: UInt32 = 7

  /// Source: gRPC over HTTP/2, "Errors".
  private static func error(reset code: UInt32) -> RPCError {
    switch code {
    case refusedStream: RPCError(.unavailable, "the server refused the stream")
    case 8: RPCError(.cancelled, "the server cancelled the stream")
    case 0xb: RPCError(.resourceExhausted, "the server asks for calm")
    case 0xc: RPCError(.permissionDenied, "the server asks for better security")
    default: RPCError(.internal, "the server reset the stream with code \(code)")
    }
  }

  private static func metadata(_ block: HeaderBlock) -> Metadata {
    var metadata = Metadata()
    for index in 0..<block.count {
      let name = block.name(index)
      guard !name.hasPrefix(":"), name != "content-type", name != "grpc-status",
        name != "grpc-message"
      else { continue }
      metadata.append(verified: name, block.value(index))
    }
    return metadata
  }

  // MARK: ClientStreamSink

  func sendMessage(_ envelope: [UInt8]) {
    connection.session.send(stream, envelope)
    connection.markDirty()
  }

  func sendEnd() {
    connection.session.end(stream)
    connection.markDirty()
  }

  func cancel() {
    guard !isOver else { return }
    end(resetCode: 8)
  }

  /// Whatever of the stream is still open would stay so: this side may not have ended yet.
  private func end(resetCode: UInt32) {
    isOver = true
    connection.session.reset(stream, errorCode: resetCode)
    connection.markDirty()
  }

  func reopenWindow(_ byteCount: Int) {
    connection.session.reopenWindow(stream, byteCount)
    connection.markDirty()
  }

  var queuedByteCount: Int { stream.queuedByteCount }
}
