// Where a server listens and a client connects: over TCP or by a Unix socket.

import CLinux

/// A TCP address or the path of a Unix socket.
package enum Endpoint: Sendable, Equatable, CustomStringConvertible {
  case tcp(HostPort)
  /// A socket in the file system. What goes through it does not leave the machine and is therefore
  /// not encrypted; the file's permissions say who may connect.
  case unix(path: String)

  /// Reads `host:port`, or as gRPC's clients write it `unix:path` or `unix:///absolute/path`; nil
  /// when it is neither, or the path is longer than the system takes.
  package init?(_ text: String) {
    guard text.hasPrefix("unix:") else {
      guard let address = HostPort(text) else { return nil }
      self = .tcp(address)
      return
    }
    var path = text.dropFirst(5)
    if path.hasPrefix("//") {
      path = path.dropFirst(2)
      guard path.hasPrefix("/") else { return nil }
    }
    guard !path.isEmpty, path.utf8.count < Self.pathBytes, !path.utf8.contains(0) else {
      return nil
    }
    self = .unix(path: String(path))
  }

  /// Room for a path and the zero behind it.
  static var pathBytes: Int { MemoryLayout.size(ofValue: sockaddr_un().sun_path) }

  /// Host and port; nil for a Unix socket.
  package var tcp: HostPort? {
    if case .tcp(let address) = self { address } else { nil }
  }

  /// The name that a server's certificate must have.
  var verifiedHost: String { tcp?.host ?? "localhost" }

  /// What a client writes into `:authority`; gRPC's clients write this for a Unix socket.
  var authority: String { tcp?.description ?? "localhost" }

  package var description: String {
    switch self {
    case .tcp(let address): address.description
    case .unix(let path): "unix:\(path)"
    }
  }
}
