// The secret of an API key: a word that says what it is, and 256 bits nobody can guess.

/// Makes keys.
package enum APIKeySecret {
  /// A new key. It is told once and kept by nobody; the database has its SHA-256.
  package static func make(forOperator isOperator: Bool) -> String {
    var random = SystemRandomNumberGenerator()
    let words = (0..<4).map { _ in
      let digits = String(random.next(), radix: 36)
      return String(repeating: "0", count: 13 - digits.count) + digits
    }
    return (isOperator ? "usher_ak_" : "usher_pk_") + words.joined()
  }

  /// The first characters, by which people tell keys apart: of the secret itself five, which leaves
  /// far too many to guess.
  package static func prefix(of key: String) -> String { String(key.prefix(14)) }
}
