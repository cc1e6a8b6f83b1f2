// Access tokens: JSON Web Tokens (RFC 7519) signed by Ed25519 (RFC 8037). Only tokens of our own making
// are ever read: the first part must be, byte for byte, the header that one of our keys writes, so
// there is no algorithm to be talked into; and what it signed has the one form that we write.

import Synchronization

/// What an access token says.
package struct AccessClaims: Sendable, Hashable {
  /// The account's id.
  package let account: String
  /// The session's id.
  package let session: String
  /// Seconds since 1970.
  package let issuedAt: Int64
  /// Seconds since 1970; from then on it is refused.
  package let expiresAt: Int64

  /// The ids have no quotation marks: they are UUIDs.
  package init(account: String, session: String, issuedAt: Int64, expiresAt: Int64) {
    self.account = account
    self.session = session
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
  }

  /// The text that is signed, always the same for the same claims.
  var json: String {
    #"{"iss":"usher","aud":"usher","sub":"\#(account)","sid":"\#(session)","iat":\#(issuedAt),"exp":\#(expiresAt)}"#
  }

  /// Reads ``json`` and nothing else: what is read must write the same text again.
  init?(json: String) {
    let parts = json.split(separator: "\"", omittingEmptySubsequences: false)
    guard parts.count == 21, let issuedAt = Int64(parts[18].dropFirst().dropLast()),
      let expiresAt = Int64(parts[20].dropFirst().dropLast())
    else { return nil }
    self.init(
      account: String(parts[11]), session: String(parts[15]), issuedAt: issuedAt,
      expiresAt: expiresAt)
    guard self.json == json else { return nil }
  }
}

/// The keys that tokens are signed with: the first signs, all are trusted. So keys change without
/// anybody noticing: put the new key behind the old one on every node, then before it, and take the old
/// one away when its last token has ended.
package struct TokenKeys: Sendable {
  private let signing: SigningKey
  private let signingHeader: String
  private let byHeader: [String: SigningKey]

  init(_ keys: [SigningKey]) throws(SecretsError) {
    guard let first = keys.first else { throw .keyFile("holds no private key") }
    signing = first
    signingHeader = Self.header(first)
    byHeader = Dictionary(keys.map { (Self.header($0), $0) }) { one, _ in one }
  }

  /// Reads a PEM file.
  package init(file path: String) throws(SecretsError) {
    try self.init(try SigningKey.read(path))
  }

  /// A fresh key as PEM, for a file that ``init(file:)`` reads.
  package static func makePEM() throws(SecretsError) -> String {
    guard let text = try SigningKey.random().pem() else { throw .system("no key could be made") }
    return text
  }

  private static func header(_ key: SigningKey) -> String {
    Base64URL.encode(Array(#"{"alg":"EdDSA","typ":"JWT","kid":"\#(key.id)"}"#.utf8))
  }

  /// The token for some claims.
  package func issue(_ claims: AccessClaims) throws(SecretsError) -> String {
    let signed = signingHeader + "." + Base64URL.encode(Array(claims.json.utf8))
    return signed + "." + Base64URL.encode(try signing.sign(Array(signed.utf8)))
  }

  /// What a token says at a time, in seconds since 1970; nil unless one of the keys signed it, it has
  /// begun and has not ended.
  package func claims(of token: String, at now: Int64) -> AccessClaims? {
    guard token.utf8.count <= Limits.tokenBytes else { return nil }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let key = byHeader[String(parts[0])],
      let signature = Base64URL.decode(parts[2]),
      key.verify(signature, of: Array("\(parts[0]).\(parts[1])".utf8)),
      let json = Base64URL.decode(parts[1]).flatMap({ String(validating: $0, as: UTF8.self) }),
      let claims = AccessClaims(json: json), claims.expiresAt > now,
      claims.issuedAt <= now + Limits.clockSkewSeconds
    else { return nil }
    return claims
  }
}

/// The keys that count now: a file that is read anew changes them for every loop at once.
package final class TokenKeyring: Sendable {
  private let keys: Mutex<TokenKeys>
  private let path: String

  /// Reads a PEM file.
  package init(file path: String) throws(SecretsError) {
    self.path = path
    keys = Mutex(try TokenKeys(file: path))
  }

  /// The keys.
  package var current: TokenKeys { keys.withLock { $0 } }

  /// Reads the file anew; one that cannot be used changes nothing.
  package func reload() throws(SecretsError) {
    let read = try TokenKeys(file: path)
    keys.withLock { $0 = read }
  }
}
