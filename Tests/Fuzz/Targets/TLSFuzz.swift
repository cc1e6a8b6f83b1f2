// TLS records: a stranger's to a server or a client, and an honest handshake that is damaged on its
// way. OpenSSL reads them; the buffers between it and the connection are ours.

import Foundation
import TLS

enum TLSFuzz {
  private static let contexts: (server: TLSContext, client: TLSContext) = {
    let folder = "/tmp/usher-fuzz-tls-\(ProcessInfo.processInfo.processIdentifier)"
    let (authority, certificate, key) = ("\(folder)/ca", "\(folder)/certificate", "\(folder)/key")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false)
      try PrivateAuthority.issue(
        names: ["localhost"], authorityFile: authority, certificateFile: certificate,
        keyFile: key)
      return (
        try TLSContext(serverCertificateFile: certificate, keyFile: key),
        try TLSContext(trustedCertificateFile: authority)
      )
    } catch {
      preconditionFailure("no TLS: \(error)")
    }
  }()

  /// First byte: 0 the rest goes to a server, 1 to a client, else the rest damages a handshake.
  static func run(_ input: [UInt8]) {
    guard let first = input.first,
      let server = try? TLSSession(contexts.server),
      let client = try? TLSSession(contexts.client, host: "localhost")
    else { return }
    try? client.start()
    let bytes = Array(input.dropFirst())
    switch first % 3 {
    case 0: stranger(bytes, server)
    case 1: stranger(bytes, client)
    default: damaged(bytes, client, server)
    }
  }

  private static func stranger(_ bytes: [UInt8], _ session: TLSSession) {
    for start in stride(from: 0, to: bytes.count, by: 512) {
      var plaintext: [UInt8] = []
      guard receive(bytes[start..<min(start + 512, bytes.count)], session, &plaintext) else {
        return
      }
      precondition(plaintext.isEmpty && !session.isEstablished, "a stranger is in")
    }
  }

  private static func receive(
    _ bytes: some Sequence<UInt8>, _ session: TLSSession, _ plaintext: inout [UInt8]
  ) -> Bool {
    (try? Array(bytes).withUnsafeBytes { try session.receive($0, into: &plaintext) }) != nil
  }

  /// Three input bytes each: which flight, where in it, and what is flipped there. What comes
  /// through must be what was sent.
  private static func damaged(_ damage: [UInt8], _ client: TLSSession, _ server: TLSSession) {
    let message = Array("the seats of the third row".utf8)
    var received: [UInt8] = []
    var hasSent = false
    for flight in 0..<10 {
      let (from, to) = flight % 2 == 0 ? (client, server) : (server, client)
      if flight % 2 == 0, client.isEstablished, !hasSent {
        hasSent = (try? client.send(message)) != nil
      }
      var bytes = from.output
      from.output = []
      for start in stride(from: 0, to: damage.count - 2, by: 3) where damage[start] == flight {
        guard !bytes.isEmpty else { break }
        bytes[Int(damage[start + 1]) * bytes.count / 256] ^= damage[start + 2]
      }
      guard receive(bytes, to, &received) else { return }
    }
    precondition(received.isEmpty || received == message, "TLS let damage pass")
    if damage.count < 3 { precondition(received == message, "an honest handshake failed") }
  }
}
