// One numbered migration, what can be wrong with a set of them, and how the database stands to it.
// Pure values; the Migrator talks to the database.

/// A step of the schema: a file `0007_name.sql`, never edited once released.
package struct Migration: Sendable, Equatable {
  /// Counted from 1 without gaps.
  package let number: Int
  package let name: String
  package let sql: String

  /// Takes a file's name and contents.
  package init(fileName: String, sql: String) throws(MigrationError) {
    let stem = fileName.split(separator: "/").last.map(String.init) ?? fileName
    let parts = stem.split(separator: "_", maxSplits: 1)
    guard stem.hasSuffix(".sql"), parts.count == 2, parts[0].utf8.count == 4,
      parts[0].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(parts[0]), number > 0
    else { throw MigrationError(.malformedName, fileName) }
    self.number = number
    self.name = String(parts[1].dropLast(4))
    self.sql = sql
  }

  /// `-- usher:no-transaction` on the first line: for what PostgreSQL refuses inside a transaction,
  /// such as CREATE INDEX CONCURRENTLY. Its statements run one by one; whoever is cut off runs all of them
  /// again, so an index is dropped, if it exists, before it is made: half of one may be left.
  package var isOutsideTransaction: Bool {
    let firstLine = sql.prefix { !$0.isNewline }
    return firstLine.filter { !$0.isWhitespace } == "--usher:no-transaction"
  }

  /// What is sent at a time: everything, or outside a transaction each statement, which ends with
  /// a semicolon at the end of a line.
  package var scripts: [String] {
    guard isOutsideTransaction else { return [sql] }
    var scripts = [""]
    for line in sql.split(separator: "\n", omittingEmptySubsequences: false) {
      scripts[scripts.count - 1] += line + "\n"
      if line.last == ";" { scripts.append("") }
    }
    return scripts.filter { !$0.allSatisfy(\.isWhitespace) }
  }

  /// `0007_name`.
  package var label: String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }
}

/// Why migrations are refused or failed.
package struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// A file is not called `0001_name.sql`.
    case malformedName
    /// Two files with one number, or a number missing.
    case gapInFiles
    /// The database has applied a migration and not one before it.
    case gapInDatabase
    /// The database has migrations that this program does not know.
    case databaseIsNewer
    /// The database lacks migrations (only where none are applied, see ``Migrator/check``).
    case databaseIsOlder
    /// A migration was changed after it had been applied.
    case edited
    /// Another process migrates and did not finish in time.
    case locked
    /// A migration ended the transaction it runs in.
    case endedTransaction
    /// A migration's SQL failed; see `cause`.
    case failed
    /// The database could not be asked; see `cause`.
    case database
  }

  package let kind: Kind
  /// The migration or what else it is about.
  package let subject: String
  package let cause: PostgresError?

  package init(_ kind: Kind, _ subject: String, cause: PostgresError? = nil) {
    self.kind = kind
    self.subject = subject
    self.cause = cause
  }

  package var description: String {
    let text =
      switch kind {
      case .malformedName: "\(subject): a migration is called 0001_name.sql"
      case .gapInFiles: "\(subject): migrations must be numbered from 1 without gaps"
      case .gapInDatabase: "\(subject): the database lacks this one but has later ones"
      case .databaseIsNewer: "\(subject): the database is newer than this program"
      case .databaseIsOlder: "\(subject): not applied yet, run the migrations first"
      case .edited: "\(subject): changed after it had been applied"
      case .locked: "another process migrates this database"
      case .endedTransaction: "\(subject): must not end its transaction"
      case .failed: "\(subject): failed"
      case .database: "cannot read the state of the migrations"
      }
    guard let cause else { return text }
    // The schema's own SQL, for the developer who runs it: the server's words help and hide nobody.
    return "\(text): \(cause.serverMessage ?? cause.description)"
  }
}

/// How a database stands to a set of migrations.
package struct MigrationStatus: Sendable, Equatable {
  /// In order.
  package let applied: [Migration]
  package let pending: [Migration]
}
