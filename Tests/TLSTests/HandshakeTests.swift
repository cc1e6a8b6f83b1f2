// Handshakes of our client with our server. Other clients are in Tests/EndToEnd/test_tls.py.

import TLS
import Testing

@Suite struct HandshakeTests {
  @Test(arguments: ["localhost", "127.0.0.1"])
  func bothSidesAgreeAndTalk(host: String) throws {
    let papers = try Papers()
    let dialogue = try Dialogue(client: papers.client(), server: papers.server(), host: host)
    #expect(dialogue.client.isEstablished && dialogue.server.isEstablished)
    #expect(dialogue.server.agreement == "TLSv1.3 TLS_AES_256_GCM_SHA384")
    try dialogue.client.send(Array("question".utf8))
    try dialogue.server.send([UInt8](repeating: 7, count: 100_000))
    dialogue.pump()
    #expect(dialogue.serverHeard == Array("question".utf8))
    #expect(dialogue.clientHeard == [UInt8](repeating: 7, count: 100_000))
    dialogue.client.close()
    dialogue.pump()
    #expect(dialogue.server.isPeerClosed)
  }

  @Test func aServerOfAnotherNameOrAuthorityIsNotTrusted() throws {
    let papers = try Papers()
    let misnamed = try Dialogue(
      client: papers.client(), server: papers.server(), host: "else.example")
    #expect(
      misnamed.clientError?.reason
        == "TLS handshake failed: certificate verify failed (hostname mismatch)")
    let foreign = try Dialogue(
      client: TLSContext(trustedCertificateFile: papers.path("stranger.pem")),
      server: papers.server())
    #expect(
      foreign.clientError?.reason
        == "TLS handshake failed: certificate verify failed "
        + "(unable to get local issuer certificate)")
    #expect(!foreign.server.isEstablished)
  }

  @Test func bytesOneByOneGiveTheSameSession() throws {
    let papers = try Papers()
    let client = try TLSSession(papers.client(), host: "localhost")
    let server = try TLSSession(papers.server())
    try client.start()
    var heard: [UInt8] = []
    while !client.isEstablished || !server.isEstablished {
      let (sent, answered) = (client.output, server.output)
      (client.output, server.output) = ([], [])
      #expect(!sent.isEmpty || !answered.isEmpty)
      for byte in sent { try server.receive([byte], into: &heard) }
      for byte in answered { try client.receive([byte], into: &heard) }
    }
    #expect(heard.isEmpty)
  }

  /// A byte changed in flight ends the session that reads it, whichever byte it is.
  @Test func aChangedByteIsNeverTaken() throws {
    let papers = try Papers()
    for index in stride(from: 0, to: 40, by: 3) {
      let dialogue = try Dialogue(client: papers.client(), server: papers.server())
      try dialogue.client.send(Array("question".utf8))
      var bytes = dialogue.client.output
      bytes[index % bytes.count] ^= 0x40
      var heard: [UInt8] = []
      do throws(TLSError) {
        try dialogue.server.receive(bytes, into: &heard)
      } catch {
        #expect(error.kind == .peer)
      }
      #expect(heard.isEmpty)
    }
  }
}
