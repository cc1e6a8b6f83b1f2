// Access tokens: what is signed comes back, and nothing else is believed.

import Bytes
import Testing

@testable import Secrets

@Suite struct TokenTests {
  private static let claims = AccessClaims(
    account: "01890a5d-ac96-774b-bcce-b302099a8057",
    session: "11111111-2222-4333-8444-555555555555",
    issuedAt: 1_000, expiresAt: 1_900)

  private func keys(_ count: Int) throws -> [SigningKey] {
    try (0..<count).map { _ in try SigningKey.random() }
  }

  /// A token of any header and payload, signed by a key as it should be.
  private func token(_ header: String, _ payload: String, _ key: SigningKey) throws -> String {
    let signed =
      Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
    return signed + "." + Base64URL.encode(try key.sign(Array(signed.utf8)))
  }

  @Test func whatIsSignedComesBackWhileItLasts() throws {
    let keys = try TokenKeys(keys(1))
    let token = try keys.issue(Self.claims)
    #expect(token.split(separator: ".").count == 3)
    for (now, isGood) in [(1_000, true), (1_899, true), (1_900, false), (700, true), (699, false)] {
      #expect((keys.claims(of: token, at: Int64(now)) == Self.claims) == isGood, "at \(now)")
    }
  }

  @Test func keysChangeWithoutAnybodyNoticing() throws {
    let (old, new) = (try SigningKey.random(), try SigningKey.random())
    let before = try TokenKeys([old]).issue(Self.claims)
    let after = try TokenKeys([new, old]).issue(Self.claims)
    for order in [[old, new], [new, old]] {
      let keys = try TokenKeys(order)
      #expect(keys.claims(of: before, at: 1_000) == Self.claims)
      #expect(keys.claims(of: after, at: 1_000) == Self.claims)
    }
    #expect(try TokenKeys([new]).claims(of: before, at: 1_000) == nil)
  }

  @Test func everyChangedCharacterIsNoticed() throws {
    let keys = try TokenKeys(keys(1))
    let token = Array(try keys.issue(Self.claims).utf8)
    for index in token.indices {
      var changed = token
      changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(keys.claims(of: String(decoding: changed, as: UTF8.self), at: 1_000) == nil)
    }
    for length in token.indices {
      let part = String(decoding: token.prefix(length), as: UTF8.self)
      #expect(keys.claims(of: part, at: 1_000) == nil)
    }
  }

  /// All with a good signature by our own key.
  @Test func nothingButOurOwnFormIsRead() throws {
    let key = try SigningKey.random()
    let keys = try TokenKeys([key])
    let header = #"{"alg":"EdDSA","typ":"JWT","kid":"\#(key.id)"}"#
    #expect(keys.claims(of: try token(header, Self.claims.json, key), at: 1_000) == Self.claims)
    for wrong in [
      #"{"alg":"none"}"#, #"{"alg":"HS256","typ":"JWT","kid":"\#(key.id)"}"#,
      #"{"alg":"EdDSA","typ":"JWT","kid":"other"}"#, #"{"alg":"EdDSA","typ":"JWT"}"#, "{}", "",
      #"{"typ":"JWT","alg":"EdDSA","kid":"\#(key.id)"}"#,
    ] {
      #expect(keys.claims(of: try token(wrong, Self.claims.json, key), at: 1_000) == nil)
    }
    for (from, to) in [
      (#""iss":"usher""#, #""iss":"other""#), (#""aud":"usher""#, #""aud":"other""#),
      (#""sub""#, #""name""#), (":1000", ":01000"), (":1900", ": 1900"), (":1900}", ":1900.0}"),
      (":1900}", ":1900,\"x\":1}"), (":1900}", ":99999999999999999999}"), (":1000", ":-1000"),
    ] {
      let payload = Self.claims.json.replacing(from, with: to)
      #expect(payload != Self.claims.json)
      let isOurs = from == ":1000" && to == ":-1000"
      #expect(
        (keys.claims(of: try token(header, payload, key), at: 1_000) != nil) == isOurs, "\(to)")
    }
  }

  @Test func whatIsNoTokenIsNotRead() throws {
    let keys = try TokenKeys(keys(1))
    let token = try keys.issue(Self.claims)
    for text in ["", ".", "..", "...", "a.b.c", token + ".", "." + token, token + "=", token + " "]
    {
      #expect(keys.claims(of: text, at: 1_000) == nil, "\(text)")
    }
    #expect(keys.claims(of: String(repeating: "a", count: 100_000), at: 1_000) == nil)
  }

  @Test func aFileOfKeysIsReadInItsOrder() throws {
    let pem = try TokenKeys.makePEM()
    #expect(pem.contains("BEGIN PRIVATE KEY"))
    #expect(throws: SecretsError.keyFile("cannot be read")) {
      try TokenKeys(file: "/nonexistent/keys.pem")
    }
    #expect(throws: SecretsError.keyFile("holds no private key")) {
      try TokenKeys(file: "/dev/null")
    }
  }
}
