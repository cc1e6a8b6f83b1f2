// Lists with filters that a caller may leave out: a statement for each set of filters that is asked with.
// One statement for all of them would be planned for none: what `$1 = 0 or …` keeps is known only when it
// runs. Knows nothing of what is listed.

import Postgres

/// SQL of which some lines count only with a filter: those that end in `-- if $n`, which are left out where
/// parameter n is null; several after the `if`, and the line counts with any of them.
struct FilteredStatement: Sendable {
  /// The parameters that lines may count with, ascending.
  private let filters: [Int]
  /// A statement for each set of filters, which are its index's bits.
  private let forms: [PostgresStatement]

  /// Reads all forms of a statement with at most eight filters. A form's name is the statement's, and the
  /// filters that it has. `isShort` says of a form's filters whether it soon ends: those that do may follow one
  /// another on a connection.
  init(name: String, sql: String, isShort: (Set<Int>) -> Bool) {
    let lines = sql.split(separator: "\n").map { line in
      (text: line, filters: Self.filters(of: line))
    }
    let filters = Set(lines.flatMap(\.filters)).sorted()
    precondition(filters.count <= 8, "too many forms of one statement")
    self.filters = filters
    forms = (0..<1 << filters.count).map { set in
      let given = filters.enumerated().filter { set & 1 << $0.offset != 0 }.map(\.element)
      let kept = lines.filter { line in
        line.filters.isEmpty || line.filters.contains(where: given.contains)
      }
      return PostgresStatement(
        name: name + given.map { "+\($0)" }.joined(),
        sql: kept.map { $0.text }.joined(separator: "\n"), mayFollow: isShort(Set(given)))
    }
  }

  private static func filters(of line: Substring) -> [Int] {
    let words = line.split(separator: " ")
    guard let mark = words.lastIndex(of: "if"), mark > 0, words[mark - 1] == "--" else { return [] }
    let numbers = words[(mark + 1)...].map { $0.first == "$" ? Int($0.dropFirst()) : nil }
    return numbers.contains(nil) ? [] : numbers.compactMap { $0 }
  }

  /// The statement for the filters that are given, which are those that are not null.
  func form(for parameters: [PostgresValue]) -> PostgresStatement {
    var set = 0
    for (place, filter) in filters.enumerated() where parameters[filter - 1].bytes != nil {
      set |= 1 << place
    }
    return forms[set]
  }
}

extension PostgresValue {
  /// A filter that 0 leaves out.
  static func filter(_ number: Int64) -> PostgresValue { .int8(number == 0 ? nil : number) }

  /// A filter that the empty text leaves out.
  static func filter(_ text: String) -> PostgresValue { .text(text.isEmpty ? nil : text) }
}

extension Database {
  /// Runs the form of a statement that fits the parameters.
  func ask(
    _ statement: FilteredStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(StoreError) -> PostgresResult {
    try await ask(statement.form(for: parameters), parameters, timeout: timeout)
  }
}
