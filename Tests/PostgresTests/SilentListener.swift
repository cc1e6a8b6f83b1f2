// A TCP port on loopback that accepts connections in the kernel and never says a word.

import Glibc
import Reactor

final class SilentListener: Sendable {
  private let fd: Int32
  let port: UInt16

  init() throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let fd = fd
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(fd, address, length) | listen(fd, 16) | getsockname(fd, address, &length)
      }
    }
    guard code == 0 else { throw SystemError.last("bind") }
    port = UInt16(bigEndian: address.sin_port)
  }

  /// A port that was free a moment ago.
  static func freePort() throws -> UInt16 { try SilentListener().port }

  deinit { close(fd) }
}
