// The other end of a Unix socket, blocking: what stands across from the server or client that is
// fuzzed. Who says nothing for ten seconds has failed.

import Foundation

/// Sockets and files are named after the process, so that fuzzers can run side by side.
func fuzzPath(_ name: String) -> String {
  "/tmp/usher-fuzz-\(ProcessInfo.processInfo.processIdentifier).\(name)"
}

/// One connection.
struct UnixPeer: ~Copyable {
  private let fd: Int32

  /// Takes ownership of a connected socket.
  init(_ fd: Int32) {
    self.fd = fd
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Connects to a listening socket.
  init(to path: String) {
    self.init(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    let fd = fd
    let isConnected = withUnixAddress(path) { address, length in
      uninterrupted { Foundation.connect(fd, address, length) } == 0
    }
    precondition(isConnected, "the server accepts nobody any more")
  }

  deinit { close(fd) }

  func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes {
      Foundation.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// Says that nothing more comes.
  func endSending() { shutdown(fd, Int32(SHUT_WR)) }

  /// The next bytes, nil at the end.
  func receive() -> ArraySlice<UInt8>? {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = uninterrupted { recv(fd, &chunk, chunk.count, 0) }
    if count > 0 { return chunk[..<count] }
    if count == 0 || errno == ECONNRESET { return nil }
    fatalError("neither an answer nor the end: errno \(errno)")
  }
}

/// A listening socket.
struct UnixListener: ~Copyable {
  let path: String
  private let fd: Int32

  init(_ path: String) {
    self.path = path
    let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    self.fd = fd
    unlink(path)
    let listens = withUnixAddress(path) { bind(fd, $0, $1) == 0 } && listen(fd, 64) == 0
    precondition(listens, "cannot listen at \(path)")
  }

  deinit {
    close(fd)
    unlink(path)
  }

  /// Waits for the next connection.
  borrowing func accept() -> UnixPeer {
    let fd = fd
    return UnixPeer(uninterrupted { Foundation.accept(fd, nil, nil) })
  }

  /// Turns connections away until the given descriptor has a byte to read, and reads it.
  borrowing func refuseAll(until end: Int32) {
    var wanted = [
      pollfd(fd: fd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: end, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let count = uninterrupted { poll(&wanted, 2, 10_000) }
      precondition(count > 0, "nothing has come to its end")
      if wanted[0].revents != 0 { _ = accept() }
      guard wanted[1].revents != 0 else { continue }
      var byte: UInt8 = 0
      precondition(read(end, &byte, 1) == 1)
      return
    }
  }
}

/// Calls again what a signal has interrupted: libFuzzer's clock is one.
private func uninterrupted<Count: SignedInteger>(_ call: () -> Count) -> Count {
  while true {
    let count = call()
    if count >= 0 || errno != EINTR { return count }
  }
}

private func withUnixAddress<R>(
  _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
) -> R {
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
}
