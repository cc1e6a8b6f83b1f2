// What handlers learn of a client's certificate, and certificates that change while a server runs.

import RPC
import RPCTransport
import TLS
import Testing

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

    await fixture.server.replaceTLS(try papers.server(.require, names: ["localhost"]))
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
