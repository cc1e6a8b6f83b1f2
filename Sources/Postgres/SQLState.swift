// The five-character error code of PostgreSQL. Knows nothing of what a caller does about one.

/// A five-character code of PostgreSQL's errcodes appendix, such as `40001`.
package struct SQLState: Sendable, Hashable, CustomStringConvertible {
  /// The code as the server sent it. Always five ASCII letters and digits.
  package let code: String

  /// Nil unless `code` is five ASCII upper-case letters or digits.
  package init?(_ code: String) {
    let isWellFormed = code.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
    guard code.utf8.count == 5, isWellFormed else { return nil }
    self.code = code
  }

  /// The first two characters: the class of the error, such as `23` for integrity violations.
  package var errorClass: String { String(code.prefix(2)) }

  package var description: String { code }
}
