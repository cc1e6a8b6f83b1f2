// One call on a server connection: turns the RPC floor's commands into header blocks and DATA.

import Bytes
import HTTP2
import RPC
import Reactor

/// What joins a stream and its call. Both keep it alive, and it them and the connection: the owner of
/// the stream lets go of it when it has called `streamClosed`, and so cuts the rings.
final class ServerCallTransport: ServerStreamSink {
  let stream: HTTP2Stream
  let route: Route
  let began: LoopInstant
  private(set) var call: ServerStream?
  private let connection: ServerConnection
  private var hasStarted = false
  private var hasSentHeaders = false
  /// Whether bytes have been framed since `isStalled` was asked last.
  private var hasDrained = false
  private var stalledSince: LoopInstant?
  /// When the response ended on this side.
  private(set) var ended: LoopInstant?

  init(_ stream: HTTP2Stream, _ route: Route, _ connection: ServerConnection, began: LoopInstant) {
    self.stream = stream
    self.route = route
    self.connection = connection
    self.began = began
  }

  /// Whether the whole request must be there before its handler runs.
  var needsWholeRequest: Bool { route.needsWholeRequest }
  var isStreaming: Bool { !needsWholeRequest }
  /// Whether one message is all that the client may send, so that it must come soon.
  var hasOneRequest: Bool { route.hasOneRequest }

  func begin(_ call: ServerStream, deadline: LoopInstant?) {
    self.call = call
    if let deadline { call.arm(deadline: deadline) }
    if !needsWholeRequest { startHandler() }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) {
    guard let call, !call.isClosed else { return reopenWindow(bytes.count) }
    call.receive(bytes)
  }

  func receiveEnd() {
    call?.receiveEnd()
    if needsWholeRequest { startHandler() }
  }

  private func startHandler() {
    guard !hasStarted, let call, !call.isClosed else { return }
    hasStarted = true
    route.serve(call)
  }

  /// Bytes of the response have been framed.
  func noteDrained() {
    hasDrained = true
    call?.noteDrained()
  }

  /// Whether bytes have waited for the limit and none has gone. Counts from the first time that it
  /// is asked and finds bytes waiting.
  func isStalled(_ now: LoopInstant, limit: Duration) -> Bool {
    defer { hasDrained = false }
    guard stream.queuedByteCount > 0, !hasDrained else {
      stalledSince = nil
      return false
    }
    let since = stalledSince ?? now
    stalledSince = since
    return now - since >= limit
  }

  /// The stream is gone.
  func streamClosed() {
    call?.receiveReset()
    call = nil
  }

  // MARK: ServerStreamSink

  private static let headers: FixedHeaders = [
    ":status": "200", "content-type": "application/grpc",
  ]
  private static let okTrailers: FixedHeaders = ["grpc-status": "0"]

  func sendHeaders(_ metadata: Metadata) {
    hasSentHeaders = true
    guard !metadata.isEmpty else { return connection.respond(stream, Self.headers) }
    var block = HeaderBlock([(":status", "200"), ("content-type", "application/grpc")])
    for field in metadata.fields { block.append(field.name, field.value) }
    connection.respond(stream, block, endStream: false)
  }

  func sendMessage(_ envelope: [UInt8]) {
    connection.send(stream, envelope)
  }

  func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {
    ended = .now
    if code == .ok, hasSentHeaders, trailers.isEmpty {
      connection.end(stream, trailers: Self.okTrailers)
      return
    }
    let details = WireFields.fitting(details, limit: RPC.Limits.statusDetailsBytes)
    var block = HeaderBlock.withRoom(
      byteCount: 128 + message.utf8.count + details.count * 4 / 3, fieldCount: 8)
    if !hasSentHeaders {
      block.append(":status", "200")
      block.append("content-type", "application/grpc")
    }
    block.append("grpc-status", String(code.rawValue))
    if !message.isEmpty { block.appendOneOff("grpc-message", PercentEncoding.encode(message)) }
    if !details.isEmpty { block.appendOneOff("grpc-status-details-bin", base64: details) }
    for field in trailers.fields { block.append(field.name, field.value) }
    if hasSentHeaders {
      connection.end(stream, trailers: block)
    } else {
      connection.respond(stream, block, endStream: true)
    }
  }

  func reopenWindow(_ byteCount: Int) {
    // Nothing more comes, so nothing needs room.
    guard !stream.isPeerEnded else { return }
    connection.reopenWindow(stream, byteCount)
  }

  var queuedByteCount: Int { stream.queuedByteCount }

  var line: (any BroadcastLine)? { connection }

  func follow(_ group: BroadcastGroup, slot: Int) {
    connection.follow(group, stream, slot: slot)
  }
}
