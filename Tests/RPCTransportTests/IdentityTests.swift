// What handlers learn of a client's certificate, and certificates that change while a server runs.

import Foundation
import RPC
import RPCTransport
import TLS
import Testing

/// Certificates in a folder that goes with them.
private final class Papers {
  private let folder: String
  private let authority: PrivateAuthority

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/usher-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    authority = try PrivateAuthority()
    try authority.write(to: "\(folder)/ca.pem")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// A server with a new certificate of its own for a host name.
  func server(_ demand: ClientTrust.Demand, name: String = "127.0.0.1") throws -> TLSContext {
    try authority.issue(
      .server, commonName: name, names: [name], certificateFile: "\(folder)/server.pem",
      keyFile: "\(folder)/server.key")
    return try TLSContext(
      serverCertificateFile: "\(folder)/server.pem", keyFile: "\(folder)/server.key",
      clients: ClientTrust(demand, authorityFile: "\(folder)/ca.pem"))
  }

  func client(_ name: String?) throws -> TLSContext {
    guard let name else { return try TLSContext(trustedCertificateFile: "\(folder)/ca.pem") }
    try authority.issue(
      .client, commonName: name, names: ["usher://partners/\(name)"],
      certificateFile: "\(folder)/client.pem", keyFile: "\(folder)/client.key")
    return try TLSContext(
      trustedCertificateFile: "\(folder)/ca.pem",
      certificate: ("\(folder)/client.pem", "\(folder)/client.key"))
  }
}

@Suite struct IdentityTests {
  private func identity(_ channel: Channel) async throws(RPCError) -> String {
    let reply: Blob = try await channel.unary(TestMethods.identity, Blob(), CallOptions())
    return reply.text
  }

  @Test func handlersLearnWhoCalls() async throws {
    let papers = try Papers()
    let fixture = try await Fixture(tls: try papers.server(.request))
    let named = fixture.channel(tls: try papers.client("odeon"))
    for _ in 0..<2 {
      #expect(try await identity(named) == #"CN=odeon ["usher://partners/odeon"] 64"#)
    }
    #expect(try await identity(fixture.channel(tls: try papers.client(nil))) == "nobody")
    await fixture.stop()
  }

  @Test func overCleartextNobodyIsKnown() async throws {
    let fixture = try await Fixture()
    #expect(try await identity(fixture.channel()) == "nobody")
    await fixture.stop()
  }

  @Test func withoutADemandedCertificateNoCallBegins() async throws {
    let papers = try Papers()
    let fixture = try await Fixture(tls: try papers.server(.require))
    let error = await #expect(throws: RPCError.self) {
      try await identity(fixture.channel(tls: try papers.client(nil)))
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("certificate required") == true)
    await fixture.stop()
  }

  /// New connections meet the new certificate, those that are open do not notice.
  @Test func certificatesChangeWhileCallsRun() async throws {
    let papers = try Papers()
    let fixture = try await Fixture(tls: try papers.server(.request))
    let channel = fixture.channel(tls: try papers.client("odeon"))
    let chat: ClientStream<Blob, Blob> = try await channel.openStream(
      TestMethods.chat, CallOptions())
    try await chat.write(Blob("before"))
    #expect(try await chat.next()?.text == "before")

    await fixture.server.replaceTLS(try papers.server(.require, name: "localhost"))
    try await chat.write(Blob("after"))
    #expect(try await chat.next()?.text == "after")
    #expect(try await identity(channel).hasPrefix("CN=odeon"))
    let mismatch = await #expect(throws: RPCError.self) {
      try await identity(fixture.channel(tls: try papers.client("other")))
    }
    #expect(mismatch?.message.contains("certificate verify failed") == true)
    let renamed = fixture.channel(tls: try papers.client("other"), host: "localhost")
    #expect(try await identity(renamed).hasPrefix("CN=other"))
    await fixture.stop()
  }
}
