// Where to connect: HOST:PORT or a URL, over TLS unless cleartext is asked for; or a Unix socket.

import RPCTransport

struct ServerAddress: Sendable, Equatable {
  let target: Endpoint
  let isCleartext: Bool
  /// Whether strangers on the way could read along.
  var isExposed: Bool { isCleartext && target.tcp != nil }

  /// Reads `host:port`, `https://host:port` or, with `insecure`, `http://host:port`. A URL without
  /// a port has its scheme's. A Unix socket, `unix:path`, is always cleartext.
  init(_ text: String, from origin: String, insecure: Bool) throws(Failure) {
    if text.hasPrefix("unix:") {
      guard let target = Endpoint(text) else {
        throw Failure(
          .usage, "\(origin): '\(text)' is no socket's path",
          hint: "Write unix:PATH; the path may have a hundred bytes.")
      }
      self.target = target
      isCleartext = true
      return
    }
    let (scheme, authority) = Self.split(text)
    if scheme == "http", !insecure {
      throw Failure(
        .usage, "\(origin): \(text) is cleartext",
        hint: "Use https://, or add --insecure if everyone on the way may read along.")
    }
    let isKnown = scheme == nil || scheme == "https" || scheme == "http"
    let ports = ["https": UInt16(443), "http": 80]
    let target =
      HostPort(authority)
      ?? scheme.flatMap { ports[$0] }.flatMap { HostPort("\(authority):\($0)") }
    guard isKnown, let target, target.port > 0, Self.isHost(target.host) else {
      throw Failure(
        .usage, "\(origin): '\(text)' is no server address",
        hint: "Write HOST:PORT, https://HOST:PORT or unix:PATH, for example 127.0.0.1:7443.")
    }
    if scheme == "https", insecure {
      throw Failure(
        .usage, "\(origin): \(text) and --insecure contradict each other",
        hint: "--insecure means cleartext; leave it away for https://.")
    }
    self.target = .tcp(target)
    isCleartext = insecure
  }

  private static func split(_ text: String) -> (scheme: String?, authority: String) {
    let parts = text.split(separator: "://", maxSplits: 1)
    guard parts.count == 2 else { return (nil, text) }
    let authority = parts[1].hasSuffix("/") ? parts[1].dropLast() : parts[1]
    return (parts[0].lowercased(), String(authority))
  }

  private static func isHost(_ host: String) -> Bool {
    host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
  }
}
