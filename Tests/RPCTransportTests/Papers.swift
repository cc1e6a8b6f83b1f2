// Certificates for the transport's tests.

import Foundation
import TLS

/// An authority and the certificates that it signs, in a folder that goes with them.
final class Papers {
  private let folder: String
  private let authority: PrivateAuthority

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/usher-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    authority = try PrivateAuthority()
    try authority.write(to: "\(folder)/ca.pem")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A server with a new certificate of its own for these hosts.
  func server(
    _ demand: ClientTrust.Demand = .off, names: [String] = ["127.0.0.1"]
  ) throws -> TLSContext {
    try authority.issue(
      .server, commonName: names[0], names: names, certificateFile: "\(folder)/server.pem",
      keyFile: "\(folder)/server.key")
    return try TLSContext(
      serverCertificateFile: "\(folder)/server.pem", keyFile: "\(folder)/server.key",
      clients: ClientTrust(demand, authorityFile: "\(folder)/ca.pem"))
  }

  /// A client that trusts the authority and shows a certificate of the name, or none.
  func client(_ name: String? = nil) throws -> TLSContext {
    guard let name else { return try TLSContext(trustedCertificateFile: "\(folder)/ca.pem") }
    try authority.issue(
      .client, commonName: name, names: ["usher://partners/\(name)"],
      certificateFile: "\(folder)/client.pem", keyFile: "\(folder)/client.key")
    return try TLSContext(
      trustedCertificateFile: "\(folder)/ca.pem",
      certificate: ("\(folder)/client.pem", "\(folder)/client.key"))
  }
}
