// A peer that speaks bytes: sends whatever a test wants, frames right or wrong, and reads frames.

import Foundation
import HTTP2
import RPCTransport

/// One frame as it came.
struct RawFrame {
  static let data: UInt8 = 0
  static let headers: UInt8 = 1
  static let reset: UInt8 = 3
  static let settings: UInt8 = 4
  static let ping: UInt8 = 6
  static let goAway: UInt8 = 7
  static let windowUpdate: UInt8 = 8
  static let endStream: UInt8 = 1
  static let endHeaders: UInt8 = 4

  let type: UInt8
  let flags: UInt8
  let stream: UInt32
  let payload: [UInt8]

  /// The error code of a GOAWAY.
  var errorCode: UInt8? { type == Self.goAway && payload.count >= 8 ? payload[7] : nil }
}

/// A blocking socket; nothing waits longer than ten seconds. It blocks threads of its own, not those
/// that tests run on.
final class RawPeer {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(RawFrame.settings)

  private let fd: Int32
  private var received: [UInt8] = []

  /// Connects and says `opening`, without giving up its thread between: a server does not wait long for who
  /// says nothing.
  init(_ address: HostPort, opening: [UInt8] = []) throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = address.port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      var limit = timeval(tv_sec: 10, tv_usec: 0)
      setsockopt(fd, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    Self.send(opening, to: fd)
  }

  deinit { close(fd) }

  /// Sends what the server takes; a server that has had enough is no error here.
  func send(_ bytes: [UInt8]) async {
    let fd = fd
    await Self.blocking { Self.send(bytes, to: fd) }
  }

  private static func send(_ bytes: [UInt8], to fd: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The next bytes; empty at the end of the stream, nil when it was reset or nothing came.
  func read() async -> [UInt8]? {
    let fd = fd
    return await Self.blocking {
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = recv(fd, &chunk, chunk.count, 0)
      return count < 0 ? nil : Array(chunk.prefix(count))
    }
  }

  private static func blocking<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: body()) }
    }
  }

  /// The next frame, or nil at the end.
  func nextFrame() async -> RawFrame? {
    while true {
      if received.count >= 9 {
        let length = received[..<3].reduce(0) { $0 << 8 | Int($1) }
        if received.count >= 9 + length {
          let frame = RawFrame(
            type: received[3], flags: received[4],
            stream: received[5..<9].reduce(0) { $0 << 8 | UInt32($1) },
            payload: Array(received[9..<9 + length]))
          received.removeFirst(9 + length)
          return frame
        }
      }
      guard let more = await read(), !more.isEmpty else { return nil }
      received += more
    }
  }

  /// The first frame of a kind, others left out.
  func frame(_ type: UInt8, where isWanted: (RawFrame) -> Bool = { _ in true }) async -> RawFrame? {
    while let frame = await nextFrame() {
      if frame.type == type, isWanted(frame) { return frame }
    }
    return nil
  }

  /// Whether the server ends the connection in good order, whatever it sends before.
  func endsOrderly() async -> Bool {
    while let bytes = await read() {
      if bytes.isEmpty { return true }
    }
    return false
  }

  static func frame(
    _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []
  ) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
      + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 255) } + payload
  }

  /// A header block of literals, each shorter than 127 bytes (RFC 7541, section 6.2.2).
  static func block(_ path: String) -> [UInt8] {
    let pairs = [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    return pairs.flatMap { name, value in
      [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
    }
  }

  /// A whole call of one message.
  static func call(_ path: String, stream: UInt32, message: [UInt8] = []) -> [UInt8] {
    frame(RawFrame.headers, flags: RawFrame.endHeaders, stream: stream, block(path))
      + frame(
        RawFrame.data, flags: RawFrame.endStream, stream: stream,
        [0, 0, 0, 0, UInt8(message.count)] + message)
  }
}
