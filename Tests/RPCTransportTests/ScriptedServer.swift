// A server that does what a test's script says, frame by frame where it matters.

import Bytes
import Foundation
import HTTP2
import ProtoWire
import RPCTransport

/// Listens on the loopback; each connection runs the script on a thread of its own.
final class ScriptedServer: Sendable {
  let address: HostPort
  private let fd: Int32

  /// The script is given the connection and its number, from 0.
  init(_ script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    fd = listener
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) | listen(listener, 16)
          | getsockname(listener, pointer, &length)
      }
    }
    guard code == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    address = HostPort(host: "127.0.0.1", port: UInt16(bigEndian: place.sin_port))
    Thread.detachNewThread {
      var number = 0
      while true {
        let fd = accept(listener, nil, nil)
        guard fd >= 0 else { return }
        let turn = number
        number += 1
        Thread.detachNewThread {
          guard let connection = try? ScriptedConnection(fd) else { return }
          try? script(connection, turn)
          connection.end()
        }
      }
    }
  }

  /// Takes no more connections.
  func stop() { shutdown(fd, Int32(SHUT_RDWR)) }

  deinit {
    stop()
    close(fd)
  }
}

/// One connection in the hands of a script; every step blocks its thread, ten minutes at most.
final class ScriptedConnection {
  struct Over: Error {}

  let session: HTTP2Session
  private let fd: Int32
  private var events: [HTTP2Event] = []

  fileprivate init(_ fd: Int32) throws {
    self.fd = fd
    session = try HTTP2Session(role: .server, limits: HTTP2Limits(), nowSeconds: 0)
    var limit = timeval(tv_sec: 600, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    try flush()
  }

  /// Sends what the session has to send.
  func flush() throws {
    var bytes: [UInt8] = []
    try session.produce(into: &bytes)
    take()
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Over() }
      rest = rest.dropFirst(count)
    }
  }

  /// The next event of the session; throws when the client has gone.
  func next() throws -> HTTP2Event {
    while events.isEmpty { try receive() }
    return events.removeFirst()
  }

  private func receive() throws {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(fd, &chunk, chunk.count, 0)
    guard count > 0 else { throw Over() }
    try chunk.withUnsafeBytes {
      try session.receive(UnsafeRawBufferPointer(rebasing: $0[..<count]), nowSeconds: 0)
    }
    take()
    try flush()
  }

  /// DATA is left out: its bytes do not outlive their reception.
  private func take() {
    var taken: [HTTP2Event] = []
    session.takeEvents(into: &taken)
    events += taken.filter { if case .data = $0 { false } else { true } }
  }

  /// Waits for a request's headers.
  func request() throws -> (stream: HTTP2Stream, headers: HeaderBlock) {
    while true {
      if case .headers(let stream, let headers, _) = try next() { return (stream, headers) }
    }
  }

  /// Waits for the end of a request.
  func wholeRequest() throws -> (stream: HTTP2Stream, headers: HeaderBlock) {
    let request = try request()
    while !request.stream.isPeerEnded { _ = try next() }
    return request
  }

  /// Answers with a status alone.
  func refuse(_ stream: HTTP2Stream, status: Int, _ trailers: [(String, String)] = []) throws {
    session.respond(
      stream,
      HeaderBlock(
        [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "\(status)")]
          + trailers), endStream: true)
    try flush()
  }

  /// Answers with one `Blob`.
  func answer(_ stream: HTTP2Stream, _ text: String) throws {
    session.respond(
      stream, HeaderBlock([(":status", "200"), ("content-type", "application/grpc")]),
      endStream: false)
    session.send(stream, Blob(text).envelope())
    session.end(stream, trailers: HeaderBlock([("grpc-status", "0")]))
    try flush()
  }

  /// Resets a stream.
  func reset(_ stream: HTTP2Stream, _ code: UInt32) throws {
    session.reset(stream, errorCode: code)
    try flush()
  }

  /// Bytes past the session.
  func sendRaw(_ bytes: [UInt8]) { _ = send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// Serves until the client goes: every call is answered with the text.
  func serve(_ text: String) throws {
    while true { try answer(try wholeRequest().stream, text) }
  }

  /// Reads nothing until the client has closed its side.
  func waitForHangUp() {
    // POLLRDHUP, which Glibc's module does not export.
    var watch = pollfd(fd: fd, events: Int16(0x2000), revents: 0)
    poll(&watch, 1, 60_000)
  }

  fileprivate func end() { close(fd) }
}
