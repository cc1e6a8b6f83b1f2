// The sockets of a server before it starts: for every loop one of each endpoint.

import CLinux
import Glibc
import Reactor

struct ListeningSockets {
  /// Descriptors by loop. Whoever has the value owns them.
  private(set) var byLoop: [[Int32]]
  private(set) var endpoints: [Endpoint] = []
  private(set) var files: [UnixSocketFile] = []

  /// Opens all or none. Blocks briefly.
  init(_ configuration: ServerConfiguration, loopCount: Int) throws(ServerError) {
    byLoop = Array(repeating: [], count: loopCount)
    for endpoint in configuration.endpoints {
      do throws(SystemError) {
        switch endpoint {
        case .tcp(let address): try openTCP(address)
        case .unix(let path): try openUnix(path, configuration.socketPermissions)
        }
      } catch {
        closeAll()
        throw ServerError(description: "cannot listen on \(endpoint): \(error.reason)")
      }
    }
  }

  private mutating func openTCP(_ wanted: HostPort) throws(SystemError) {
    var address = wanted
    // A socket without port sharing finds out whether anyone else has the port. A port that the
    // system is to choose is free; between probe and use somebody could take it.
    if address.port != 0 { close(try Self.open(address, shared: false)) }
    for index in byLoop.indices {
      let fd = try Self.open(address, shared: true)
      byLoop[index].append(fd)
      address.port = Socket.localAddress(fd).port
    }
    endpoints.append(.tcp(address))
  }

  private static func open(_ address: HostPort, shared: Bool) throws(SystemError) -> Int32 {
    guard let resolved = try SocketAddress.resolve(address, passive: true).first else {
      throw SystemError(call: "getaddrinfo", code: ENOENT)
    }
    return try Socket.listen(resolved, shared: shared)
  }

  /// Loops share the one socket: whichever is free takes the next connection.
  private mutating func openUnix(_ path: String, _ permissions: mode_t) throws(SystemError) {
    let (fd, file) = try UnixSocketFile.listen(path, permissions: permissions)
    defer { close(fd) }
    files.append(file)
    for index in byLoop.indices { byLoop[index].append(try Socket.duplicate(fd)) }
    endpoints.append(.unix(path: path))
  }

  private func closeAll() {
    for fd in byLoop.joined() { close(fd) }
    for file in files { file.remove() }
  }
}
