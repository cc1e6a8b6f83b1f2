// The hosts of a connection string, and their addresses. libpq would ask the resolver in the middle
// of connecting and block the loop for as long as it takes; so names are looked up first, on a
// thread. Knows nothing of connections.

internal import Glibc
internal import Reactor

/// Hosts in the order to try, as libpq lists them.
struct DatabaseHosts: Sendable {
  struct Host: Sendable, Equatable {
    /// A name, an address, or the folder of a Unix socket.
    let name: String
    /// Empty for the default.
    let port: String
  }

  let hosts: [Host]

  /// Splits libpq's comma-separated lists. Nil when nothing is to be looked up: no host is a name,
  /// or the caller gave addresses.
  init?(host: String?, hostaddr: String?, port: String?) {
    guard let host, !host.isEmpty, hostaddr?.isEmpty ?? true else { return nil }
    let names = Self.split(host)
    let ports = Self.split(port ?? "")
    // One port serves all hosts; any other number than that of the hosts is libpq's to refuse.
    guard ports.count == 1 || ports.count == names.count else { return nil }
    hosts = names.enumerated().map { index, name in
      Host(name: name, port: ports.count == 1 ? ports[0] : ports[index])
    }
    guard hosts.contains(where: { $0.isName }) else { return nil }
  }

  private static func split(_ list: String) -> [String] {
    list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  /// Looks the names up and calls `completion` on the loop with libpq's lists of hosts, addresses
  /// and ports, nil when no host has an address.
  ///
  /// One thread per attempt to connect; a resolver that hangs holds its thread for its own time-out
  /// (some ten seconds), while attempts are seconds apart. False when no thread could be started.
  func resolve(
    on loop: EventLoop, completion: @escaping @Sendable ([(String, String)]?) -> Void
  ) -> Bool {
    OSThread.start {
      let parameters = self.parameters { Self.addresses(of: $0) }
      loop.execute { completion(parameters) }
    }
  }

  /// One entry per address: the name stays beside it, for TLS to check the certificate against.
  func parameters(_ lookUp: (String) -> [String]) -> [(String, String)]? {
    var entries: [(name: String, address: String, port: String)] = []
    for host in hosts {
      let addresses = host.isName ? lookUp(host.name) : [""]
      for address in addresses.prefix(Limits.addressesPerHost) {
        entries.append((host.name, address, host.port))
      }
    }
    guard !entries.isEmpty else { return nil }
    return [
      ("host", entries.map(\.name).joined(separator: ",")),
      ("hostaddr", entries.map(\.address).joined(separator: ",")),
      ("port", entries.map(\.port).joined(separator: ",")),
    ]
  }

  /// Numeric addresses of a name, in the resolver's order. Blocks. The corresponding C function is
  /// `getaddrinfo`.
  private static func addresses(of name: String) -> [String] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = getnameinfo(
        entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      if code == 0 { addresses.append(String(decoding: bytes, as: UTF8.self)) }
      next = entry.ai_next
    }
    return addresses
  }
}

extension DatabaseHosts.Host {
  /// Not a socket folder, an abstract socket, an address, or empty.
  var isName: Bool {
    guard let first = name.first, first != "/", first != "@" else { return false }
    var buffer = in6_addr()
    return inet_pton(AF_INET, name, &buffer) != 1 && inet_pton(AF_INET6, name, &buffer) != 1
  }
}
