// Certificates of clients: who is let in, who is not, and what the server then knows.

import Foundation
import TLS
import Testing

@Suite struct ClientCertificateTests {
  typealias Validity = PrivateAuthority.Validity

  @Test(arguments: [ClientTrust.Demand.request, .require])
  func aGoodCertificateIsAcceptedAndRead(demand: ClientTrust.Demand) throws {
    let papers = try Papers()
    try papers.issue(
      .client, "box-office",
      names: ["box.example", "10.1.2.3", "fd00::7", "spiffe://usher/partner/7", "box@example.org"])
    let dialogue = try Dialogue(
      client: papers.client("box-office"), server: papers.server(papers.trust(demand)))
    #expect(dialogue.clientError == nil && dialogue.serverError == nil)
    let shown = try #require(dialogue.server.peerCertificate)
    #expect(shown.subject == "CN=box-office")
    #expect(shown.dnsNames == ["box.example"])
    #expect(shown.ipAddresses == ["10.1.2.3", "fd00::7"])
    #expect(shown.uris == ["spiffe://usher/partner/7"])
    #expect(shown.emailAddresses == ["box@example.org"])
    #expect(shown.fingerprint.count == 64)
    #expect(shown.fingerprint.allSatisfy { $0.isHexDigit && !$0.isUppercase })
  }

  @Test func fingerprintsTellCertificatesOfOneNameApart() throws {
    let papers = try Papers()
    var fingerprints: Set<String> = []
    for _ in 0..<2 {
      try papers.issue(.client, "twin")
      let dialogue = try Dialogue(
        client: papers.client("twin"), server: papers.server(papers.trust(.require)))
      fingerprints.insert(try #require(dialogue.server.peerCertificate).fingerprint)
    }
    #expect(fingerprints.count == 2)
  }

  @Test func aSubjectCannotForgeALineOfALog() throws {
    let papers = try Papers()
    try papers.authority.issue(
      .client, commonName: "eve\nINFO granted, Zoë", names: [],
      certificateFile: papers.path("eve.pem"), keyFile: papers.path("eve.key"))
    let dialogue = try Dialogue(
      client: papers.client("eve"), server: papers.server(papers.trust(.require)))
    let subject = try #require(dialogue.server.peerCertificate).subject
    #expect(subject == #"CN=eve\0AINFO granted\, Zoë"#)
  }

  @Test func withoutACertificateOnlyDemandRefuses() throws {
    let papers = try Papers()
    let asked = try Dialogue(
      client: papers.client(), server: papers.server(papers.trust(.request)))
    #expect(asked.serverError == nil && asked.server.isEstablished)
    #expect(asked.server.peerCertificate == nil)
    let demanded = try Dialogue(
      client: papers.client(), server: papers.server(papers.trust(.require)))
    #expect(
      demanded.serverError?.reason
        == "TLS handshake failed: peer did not return a certificate")
    #expect(!demanded.server.isEstablished)
    #expect(demanded.clientError?.kind == .peer)
  }

  @Test func whoIsNotAskedShowsNothing() throws {
    let papers = try Papers()
    try papers.issue(.client, "eager")
    let dialogue = try Dialogue(client: papers.client("eager"), server: papers.server())
    #expect(dialogue.server.isEstablished)
    #expect(dialogue.server.peerCertificate == nil)
  }

  /// What is wrong with a certificate, and what OpenSSL says to it.
  enum Fault: String, CaseIterable {
    case foreign = "unable to get local issuer certificate"
    case expired = "certificate has expired"
    case early = "certificate is not yet valid"
    case revoked = "certificate revoked"
    case otherUse = "unsuitable certificate purpose"
    case staleList = "CRL has expired"
    case noList = "unable to get certificate CRL"
  }

  /// Asked for or demanded, a certificate that is shown must be good.
  @Test(arguments: Fault.allCases, [ClientTrust.Demand.request, .require])
  func aBadCertificateIsRefusedInTheHandshake(
    fault: Fault, demand: ClientTrust.Demand
  ) throws {
    let papers = try Papers()
    let list = try prepare(fault, papers)
    let dialogue = try Dialogue(
      client: papers.client("bad"), server: papers.server(papers.trust(demand, revoked: list)))
    #expect(
      dialogue.serverError?.reason
        == "TLS handshake failed: certificate verify failed (\(fault.rawValue))")
    #expect(!dialogue.server.isEstablished)
    #expect(dialogue.server.peerCertificate == nil)
    #expect(dialogue.clientError?.kind == .peer)
  }

  /// Issues `bad` and returns the revocation list to use, if any.
  private func prepare(_ fault: Fault, _ papers: Papers) throws -> String? {
    switch fault {
    case .foreign: try papers.issue(.client, "bad", by: papers.stranger)
    case .expired: try papers.issue(.client, "bad", validity: Validity(from: -7_200, to: -60))
    case .early: try papers.issue(.client, "bad", validity: Validity(from: 3_600, to: 7_200))
    case .otherUse: try papers.issue(.server, "bad")
    case .revoked:
      let serial = try papers.issue(.client, "bad")
      try papers.authority.writeRevocations(of: [5, serial], to: papers.path("crl.pem"))
      return "crl.pem"
    case .staleList:
      try papers.issue(.client, "bad")
      try papers.authority.writeRevocations(
        of: [], validity: Validity(from: -7_200, to: -60), to: papers.path("crl.pem"))
      return "crl.pem"
    case .noList:
      try papers.issue(.client, "bad")
      try papers.stranger.writeRevocations(of: [], to: papers.path("crl.pem"))
      return "crl.pem"
    }
    return nil
  }

  @Test func aListThatDoesNotNameTheCertificateLetsItIn() throws {
    let papers = try Papers()
    let serial = try papers.issue(.client, "good")
    try papers.authority.writeRevocations(of: [serial ^ 1], to: papers.path("crl.pem"))
    let dialogue = try Dialogue(
      client: papers.client("good"),
      server: papers.server(papers.trust(.require, revoked: "crl.pem")))
    #expect(dialogue.server.peerCertificate?.subject == "CN=good")
  }

  @Test(arguments: ["missing.pem", "server.key", "empty.pem"])
  func filesThatCannotBeUsedAreRefusedByName(name: String) throws {
    let papers = try Papers()
    try "".write(toFile: papers.path("empty.pem"), atomically: false, encoding: .utf8)
    for trust in [
      ClientTrust(.request, authorityFile: papers.path(name)),
      ClientTrust(
        .request, authorityFile: papers.path("ca.pem"), revocationFile: papers.path(name)),
    ] {
      let error = #expect(throws: TLSError.self) { try papers.server(trust) }
      #expect(error?.kind == .configuration)
      #expect(error?.reason.contains(papers.path(name)) == true)
    }
  }

  @Test func aClientsKeyMustFitItsCertificate() throws {
    let papers = try Papers()
    try papers.issue(.client, "one")
    try papers.issue(.client, "two")
    let error = #expect(throws: TLSError.self) {
      try TLSContext(
        trustedCertificateFile: nil, certificate: (papers.path("one.pem"), papers.path("two.key")))
    }
    #expect(error?.kind == .configuration)
  }
}
