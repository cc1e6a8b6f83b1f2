// Statements and what one connection remembers of those it prepared. Knows no sockets: it decides
// names and states, the pipeline sends.

/// SQL with `$1 …` parameters. Named statements are cached by name, so one name must always carry
/// the same SQL; unnamed ones by their text.
package struct PostgresStatement: Sendable, Hashable, ExpressibleByStringLiteral {
  /// What identifies the statement in a connection's cache and in logs; empty for unnamed ones.
  package let name: String
  package let sql: String
  /// Whether it only reads, soon ends and waits for no lock: it may then stand behind another such one on a
  /// pool's connection.
  package let mayFollow: Bool

  package init(name: String = "", sql: String, mayFollow: Bool = false) {
    self.name = name
    self.sql = sql
    self.mayFollow = mayFollow
  }

  package init(stringLiteral sql: String) { self.init(sql: sql) }
}

/// A statement as one server session knows it.
final class PreparedStatement {
  enum State {
    /// PREPARE is on its way; later uses may already follow it.
    case preparing
    /// The server confirmed it.
    case ready
    /// The server refused it: uses that followed it report this instead of "no such statement".
    case refused(PostgresError)
  }

  let serverName: String
  var state = State.preparing

  init(serverName: String) { self.serverName = serverName }
}

/// The prepared statements of one session, bounded.
struct StatementCache {
  private struct Key: Hashable {
    let statement: String
    let types: [PostgresType]
  }

  enum Lookup {
    /// Execute it.
    case prepared(PreparedStatement)
    /// Prepare it first.
    case new(PreparedStatement)
    /// The cache is full: run it unprepared.
    case unprepared
  }

  private var statements: [Key: PreparedStatement] = [:]
  private var nextNumber = 1

  mutating func lookUp(_ statement: PostgresStatement, _ parameters: [PostgresValue]) -> Lookup {
    let key = Key(
      statement: statement.name.isEmpty ? statement.sql : statement.name,
      types: parameters.map(\.type))
    if let known = statements[key] { return .prepared(known) }
    guard statements.count < Limits.preparedStatements else { return .unprepared }
    let record = PreparedStatement(serverName: "s\(nextNumber)")
    nextNumber += 1
    statements[key] = record
    return .new(record)
  }

  /// Forgets a statement, so that its next use prepares it under a new name.
  mutating func remove(_ record: PreparedStatement) {
    guard let key = statements.first(where: { $0.value === record })?.key else { return }
    statements[key] = nil
  }
}
