// The server's certificate, the runner's or one of its own, and whose certificates clients must show.
// They come as PEM text and the TLS floor reads files: they stand for a moment in a folder that only
// this user can enter.

import ConnectProtos
import Foundation
import TLS

struct Credentials {
  let context: TLSContext
  /// What clients shall trust, as PEM.
  let certificateForClients: [UInt8]

  init(_ wanted: Suite.ServerCompatRequest) throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "connect-server-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = folder.appending(path: "certificate.pem")
    let key = folder.appending(path: "key.pem")
    if let given = wanted.serverCreds {
      try Data(given.cert).write(to: certificate)
      try Data(given.key).write(to: key)
      certificateForClients = given.cert
    } else {
      let authority = folder.appending(path: "authority.pem")
      try PrivateAuthority.issue(
        names: ["localhost", ConnectServer.host], authorityFile: authority.path(),
        certificateFile: certificate.path(), keyFile: key.path())
      certificateForClients = Array(try Data(contentsOf: authority))
    }
    var clients = ClientTrust.none
    if !wanted.clientTlsCert.isEmpty {
      let trusted = folder.appending(path: "clients.pem")
      try Data(wanted.clientTlsCert).write(to: trusted)
      clients = ClientTrust(.require, authorityFile: trusted.path())
    }
    context = try TLSContext(
      serverCertificateFile: certificate.path(), keyFile: key.path(), clients: clients)
  }
}
