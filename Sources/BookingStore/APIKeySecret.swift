// Secrets of API keys and sessions: a word that says what it is, and 256 bits nobody can guess.

/// Makes secrets.
package enum APIKeySecret {
  /// A new key. It is told once and kept by nobody; the database has its SHA-256.
  package static func make(forOperator isOperator: Bool) -> String {
    (isOperator ? "usher_ak_" : "usher_pk_") + random()
  }

  /// A new refresh token, kept by nobody either.
  package static func makeRefreshToken() -> String { "usher_rt_" + random() }

  private static func random() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let digits = String(random.next(), radix: 36)
      return String(repeating: "0", count: 13 - digits.count) + digits
    }.joined()
  }

  /// The first characters, by which people tell keys apart: of the secret itself five, which leaves
  /// far too many to guess.
  package static func prefix(of key: String) -> String { String(key.prefix(14)) }
}
