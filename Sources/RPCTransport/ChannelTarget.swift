// Where a channel connects: the text of gRPC's name syntax, or a list given in code. Says what is to
// be resolved and resolves nothing.

import Glibc

/// A channel's target.
package struct ChannelTarget: Sendable, Equatable {
  /// What to resolve, in order of preference. A name may stand for many addresses.
  package let endpoints: [Endpoint]
  /// Whether nothing is left to a name server, so that asking again can find nothing new.
  let isFixed: Bool

  /// One server, or every address of one name.
  package init(_ endpoint: Endpoint) { self.init([endpoint]) }

  /// Several servers of one service, at most `Limits.addresses`; names are resolved.
  package init(_ endpoints: [Endpoint]) {
    self.endpoints = Array(endpoints.prefix(Limits.addresses))
    isFixed = endpoints.allSatisfy { $0.tcp.map { Self.isNumeric($0.host) } ?? true }
  }

  /// Reads `host:port`, `dns:host:port`, `dns:///host:port`, `ipv4:a:p,b:p`, `ipv6:[a]:p,[b]:p` or
  /// `unix:path`; nil for anything else. Source: gRPC Name Resolution, "Name Syntax".
  package init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let rest = text[text.index(after: colon)...]
    switch text[..<colon] {
    case "dns": self.init(dns: rest)
    case "ipv4": self.init(list: rest, family: AF_INET)
    case "ipv6": self.init(list: rest, family: AF_INET6)
    default:
      guard let endpoint = Endpoint(text), endpoint.tcp?.port != 0 else { return nil }
      self.init(endpoint)
    }
  }

  /// `dns:[//authority/]host[:port]`. A name server of the caller's choice is not supported: the
  /// system's are asked.
  private init?(dns rest: Substring) {
    var name = rest
    if name.hasPrefix("//") {
      guard name.hasPrefix("///") else { return nil }
      name = name.dropFirst(3)
    }
    guard let place = HostPort(String(name)) ?? HostPort("\(name):443"), place.port > 0,
      Self.isName(place.host)
    else { return nil }
    self.init(.tcp(place))
  }

  private init?(list: Substring, family: Int32) {
    var endpoints: [Endpoint] = []
    for text in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let place = HostPort(String(text)), place.port > 0,
        Self.isNumeric(place.host, family)
      else { return nil }
      endpoints.append(.tcp(place))
    }
    guard endpoints.count <= Limits.addresses else { return nil }
    self.init(endpoints)
  }

  private static func isName(_ host: String) -> Bool {
    isNumeric(host, AF_INET6)
      || host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/:,[]".utf8.contains($0) }
  }

  private static func isNumeric(_ host: String) -> Bool {
    isNumeric(host, AF_INET) || isNumeric(host, AF_INET6)
  }

  /// The corresponding C function is `inet_pton`.
  private static func isNumeric(_ host: String, _ family: Int32) -> Bool {
    var address = in6_addr()
    return inet_pton(family, host, &address) == 1
  }
}
