// One call on a client connection: reads header blocks and trailers, sends DATA.

import Bytes
import HTTP2
import RPC

final class ClientCallTransport: ClientStreamSink {
  let state: ClientStreamState
  private let stream: HTTP2Stream
  private weak var connection: Connection?
  private var hasStatus = false

  init(_ stream: HTTP2Stream, _ state: ClientStreamState, _ connection: Connection) {
    self.stream = stream
    self.state = state
    self.connection = connection
  }

  // MARK: From the server

  func receiveHeaders(_ block: HeaderBlock, endStream: Bool) {
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
    state.receiveHeaders(Self.metadata(block))
  }

  func receiveTrailers(_ block: HeaderBlock) {
    let trailers = Self.metadata(block)
    guard let wire = block["grpc-status"] else {
      return receiveEndWithoutTrailers()
    }
    hasStatus = true
    let code = StatusCode(wire: wire)
    guard code != .ok else { return state.receiveStatus(nil, trailers: trailers) }
    let details = trailers.binaryValues("grpc-status-details-bin").first ?? []
    state.receiveStatus(
      RPCError(
        code, PercentEncoding.decode(block["grpc-message"] ?? ""), details: details,
        trailers: trailers), trailers: trailers)
  }

  func receiveEndWithoutTrailers() {
    fail(RPCError(.unknown, "the server ended the call without a status"))
  }

  func receiveReset(_ code: UInt32) {
    guard !hasStatus else { return state.close(RPCError(.internal, "the call is over")) }
    state.close(Self.error(reset: code))
  }

  private func fail(_ error: RPCError) {
    hasStatus = true
    state.abandon(error)
  }

  /// Source: gRPC over HTTP/2, "Errors".
  private static func error(reset code: UInt32) -> RPCError {
    switch code {
    case 7: RPCError(.unavailable, "the server refused the stream")
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
    connection?.session.send(stream, envelope)
    connection?.markDirty()
  }

  func sendEnd() {
    connection?.session.end(stream)
    connection?.markDirty()
  }

  func cancel() {
    connection?.session.reset(stream, errorCode: 8)
    connection?.markDirty()
  }

  func reopenWindow(_ byteCount: Int) {
    connection?.session.reopenWindow(stream, byteCount)
    connection?.markDirty()
  }

  var queuedByteCount: Int { stream.queuedByteCount }
}
