// Two TLS sessions that talk in memory, and a folder of certificates for them.

import Foundation
import TLS

/// A client and a server session; what one writes the other reads.
final class Dialogue {
  let client: TLSSession
  let server: TLSSession
  private(set) var clientError: TLSError?
  private(set) var serverError: TLSError?
  private(set) var clientHeard: [UInt8] = []
  private(set) var serverHeard: [UInt8] = []

  /// Shakes hands as far as it goes.
  init(client: TLSContext, server: TLSContext, host: String = "localhost") throws {
    self.client = try TLSSession(client, host: host)
    self.server = try TLSSession(server)
    try self.client.start()
    pump()
  }

  /// Carries bytes until both sides are silent. A side that has failed hears nothing more.
  func pump() {
    while !client.output.isEmpty || !server.output.isEmpty {
      if let error = Self.carry(client, server, serverError, &serverHeard) { serverError = error }
      if let error = Self.carry(server, client, clientError, &clientHeard) { clientError = error }
    }
  }

  private static func carry(
    _ from: TLSSession, _ to: TLSSession, _ failure: TLSError?, _ heard: inout [UInt8]
  ) -> TLSError? {
    let bytes = from.output
    from.output = []
    guard failure == nil else { return nil }
    do throws(TLSError) {
      try to.receive(bytes, into: &heard)
      return nil
    } catch {
      return error
    }
  }
}

extension TLSSession {
  /// Takes ciphertext from an array.
  func receive(_ bytes: [UInt8], into heard: inout [UInt8]) throws(TLSError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(TLSError) in
      try receive(UnsafeRawBufferPointer(buffer), into: &heard)
    }
  }
}

/// Certificates of two authorities that know nothing of each other, in a folder that goes with them.
final class Papers {
  let folder: URL
  let authority: PrivateAuthority
  let stranger: PrivateAuthority

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "usher-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    authority = try PrivateAuthority()
    stranger = try PrivateAuthority(commonName: "Someone else")
    try authority.write(to: path("ca.pem"))
    try stranger.write(to: path("stranger.pem"))
    try issue(.server, "server", names: ["localhost", "127.0.0.1"])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  @discardableResult
  func issue(
    _ use: PrivateAuthority.Use, _ name: String, names: [String] = [],
    validity: PrivateAuthority.Validity = .usual, by issuer: PrivateAuthority? = nil
  ) throws -> UInt64 {
    try (issuer ?? authority).issue(
      use, commonName: name, names: names, validity: validity,
      certificateFile: path("\(name).pem"), keyFile: path("\(name).key"))
  }

  func server(_ clients: ClientTrust = .none) throws -> TLSContext {
    try TLSContext(
      serverCertificateFile: path("server.pem"), keyFile: path("server.key"), clients: clients)
  }

  func trust(_ demand: ClientTrust.Demand, revoked: String? = nil) -> ClientTrust {
    ClientTrust(demand, authorityFile: path("ca.pem"), revocationFile: revoked.map(path))
  }

  /// A client that shows the certificate of a name, or none.
  func client(_ name: String? = nil) throws -> TLSContext {
    try TLSContext(
      trustedCertificateFile: path("ca.pem"),
      certificate: name.map { (path("\($0).pem"), path("\($0).key")) })
  }
}
