// Frames into an HTTP/2 session that answers each request, without sockets.

import Bytes
import HTTP2

enum SessionFuzz {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  private static let request = HeaderBlock([
    (":method", "POST"), (":scheme", "http"), (":path", "/a/b"), (":authority", "x"),
  ])

  /// First byte: bit 0 client, bit 1 preface as the input has it, bits 2–7 size of the pieces.
  static func run(_ input: [UInt8]) {
    guard let control = input.first else { return }
    let role: HTTP2Session.Role = control & 1 == 0 ? .server : .client
    guard let session = try? HTTP2Session(role: role, limits: HTTP2Limits(), nowSeconds: 0)
    else { return }
    var bytes = Array(input.dropFirst())
    if role == .server, control & 2 == 0 { bytes = preface + bytes }
    if role == .client {
      for _ in 0..<3 { if let stream = try? session.request(request) { session.end(stream) } }
    }
    let pieceBytes = max(1, Int(control >> 2) * 16)
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      let piece = Array(bytes[start..<min(start + pieceBytes, bytes.count)])
      guard feed(session, piece, nowSeconds: Double(start) / 1_000) else { return }
    }
  }

  /// False at the session's end.
  private static func feed(
    _ session: HTTP2Session, _ piece: [UInt8], nowSeconds: Double
  ) -> Bool {
    do {
      try piece.withUnsafeBytes { raw in
        try session.receive(raw, nowSeconds: nowSeconds)
        answer(session, memory: raw)
      }
      var output: [UInt8] = []
      try session.produce(into: &output)
      var events: [HTTP2Event] = []
      session.takeEvents(into: &events)
      precondition(session.streams.count <= Int(session.limits.concurrentStreams) + 3)
    } catch {
      guard let error = error as? HTTP2Error else { preconditionFailure("another error: \(error)") }
      precondition(session.farewell(error).count == 17)
      return false
    }
    return session.wantsToReceive || session.wantsToSend
  }

  private static func answer(_ session: HTTP2Session, memory: UnsafeRawBufferPointer) {
    var events: [HTTP2Event] = []
    session.takeEvents(into: &events)
    for event in events {
      switch event {
      case .headers(let stream, let block, _):
        precondition(block.listByteCount <= session.limits.headerListBytes)
        guard session.role == .server else { continue }
        session.respond(stream, HeaderBlock([(":status", "200")]), endStream: false)
        session.send(stream, [0, 0, 0, 0, 1, 7])
        session.end(stream, trailers: HeaderBlock([("grpc-status", "0")]))
      case .data(let stream, let bytes):
        // Within the memory given, and readable.
        precondition(bytes.isEmpty || bytes.allSatisfy { $0 <= 255 })
        session.reopenWindow(stream, bytes.count)
      case .trailers, .end, .closed, .drained, .goAway, .pingAcknowledged, .pinged, .settings:
        break
      }
    }
  }
}
