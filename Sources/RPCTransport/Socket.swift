// Nonblocking sockets: the system calls and nothing more.

import CLinux
import Glibc
import Reactor

enum Socket {
  /// A listening socket. `shared` lets several loops listen on one port (SO_REUSEPORT).
  static func listen(_ address: SocketAddress, shared: Bool) throws(SystemError) -> Int32 {
    let fd = try open(address.family)
    do throws(SystemError) {
      try set(fd, SOL_SOCKET, SO_REUSEADDR)
      if shared { try set(fd, SOL_SOCKET, SO_REUSEPORT) }
      guard address.withPointer({ bind(fd, $0, $1) }) == 0 else { throw .last("bind") }
      guard Glibc.listen(fd, Limits.backlog) == 0 else { throw .last("listen") }
      return fd
    } catch {
      close(fd)
      throw error
    }
  }

  /// A socket bound to a path that does not exist yet.
  static func bound(_ path: SocketAddress) throws(SystemError) -> Int32 {
    let fd = try open(path.family)
    guard path.withPointer({ bind(fd, $0, $1) }) == 0 else {
      let error = SystemError.last("bind")
      close(fd)
      throw error
    }
    return fd
  }

  /// The same socket under another number, for another loop.
  static func duplicate(_ fd: Int32) throws(SystemError) -> Int32 {
    let copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last("fcntl") }
    return copy
  }

  /// Begins a connection; it is complete, or has failed, when the socket becomes writable. Over TCP
  /// the system ends it when what was sent is not acknowledged within `userTimeout`, if there is one
  /// (gRFC A18).
  static func connect(
    _ address: SocketAddress, userTimeout: Duration? = nil
  ) throws(SystemError) -> Int32 {
    let fd = try open(address.family)
    let code = address.withPointer { Glibc.connect(fd, $0, $1) }
    guard code == 0 || errno == EINPROGRESS else {
      let error = SystemError.last("connect")
      close(fd)
      throw error
    }
    guard !address.isUnix else { return fd }
    tune(fd)
    if let userTimeout { limit(fd, userTimeout) }
    return fd
  }

  /// The pending error of a socket, or nil.
  static func error(_ fd: Int32) -> SystemError? {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length)
    return code == 0 ? nil : SystemError(call: "connect", code: code)
  }

  /// Accepts a connection, or nil when none waits. Over TCP the system ends it when what was sent is
  /// not acknowledged within `userTimeout`.
  static func accept(
    _ listener: Int32, userTimeout: Duration
  ) throws(SystemError) -> (fd: Int32, peer: SocketAddress)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let fd = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        accept4(
          listener, $0, &length, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
      }
    }
    guard fd >= 0 else {
      switch errno {
      case EAGAIN, EINTR, ECONNABORTED: return nil
      default: throw .last("accept4")
      }
    }
    let peer = withUnsafePointer(to: storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length) }
    }
    if !peer.isUnix {
      tune(fd)
      limit(fd, userTimeout)
    }
    return (fd, peer)
  }

  /// The address a socket is bound to.
  static func localAddress(_ fd: Int32) -> HostPort {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(fd, $0, &length)
        return SocketAddress($0, length).hostPort
      }
    }
  }

  private static func open(_ family: Int32) throws(SystemError) -> Int32 {
    let fd = socket(
      family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { throw .last("socket") }
    return fd
  }

  private static func set(
    _ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32 = 1
  ) throws(SystemError) {
    var value = value
    guard setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
      throw .last("setsockopt")
    }
  }

  /// Ends the connection when the peer's system is silent. A failure leaves it to the pings.
  private static func limit(_ fd: Int32, _ userTimeout: Duration) {
    let milliseconds = Int32(clamping: max(1, userTimeout.wholeMilliseconds))
    try? set(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds)
  }

  /// Small messages leave at once. A failure only costs latency, so it is not an error.
  private static func tune(_ fd: Int32) {
    try? set(fd, Int32(IPPROTO_TCP), TCP_NODELAY)
  }
}
