// Calls to services without a connection: a router, a stream and a sink that keeps what is sent.

import ProtoWire
import RPC
import Reactor

/// What a call sent. Confined to its loop.
final class LocalSink: ServerStreamSink {
  private(set) var messages: [[UInt8]] = []
  private(set) var status: (code: StatusCode, message: String)?
  private var waiter: CheckedContinuation<Void, Never>?

  func sendHeaders(_ metadata: Metadata) {}

  func sendMessage(_ envelope: [UInt8]) {
    messages.append(Array(envelope.dropFirst(5)))
    wakeReader()
  }

  func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {
    status = (code, message)
    wakeReader()
  }

  func reopenWindow(_ byteCount: Int) {}
  var queuedByteCount: Int { 0 }
  var line: (any BroadcastLine)? { nil }
  func follow(_ group: BroadcastGroup, slot: Int) {}

  private func wakeReader() {
    waiter?.resume()
    waiter = nil
  }

  /// The message with an index, once it has been sent; nil when the call ended before.
  func message<M: ProtoMessage>(_ index: Int, _ type: M.Type) async throws -> M? {
    while messages.count <= index, status == nil {
      await withCheckedContinuation { waiter = $0 }
    }
    return messages.count > index ? try M(protoBytes: messages[index]) : nil
  }

  /// The status, once the call has ended.
  func ending() async -> StatusCode? {
    while status == nil { await withCheckedContinuation { waiter = $0 } }
    return status?.code
  }
}

/// One call in progress. Confined to its loop.
final class LocalCall {
  let sink = LocalSink()
  let stream: ServerStream

  /// Starts a call with its requests; a unary one must have exactly one.
  init?(
    _ router: Router, _ method: MethodDescriptor, on loop: EventLoop,
    requests: [any ProtoMessage], ends: Bool = true, metadata: Metadata = Metadata()
  ) {
    guard let route = router.route(method.path) else { return nil }
    let head = CallHead(
      method: method, metadata: metadata, deadline: nil,
      origin: CallOrigin(peer: "test", isSecure: true))
    stream = ServerStream(head, loop: loop, sink: sink, receiveLimitBytes: 1 << 20)
    for request in requests { request.envelope().withUnsafeBytes { stream.receive($0) } }
    if ends { stream.receiveEnd() }
    route.serve(stream)
  }
}
