// The rows of one answered query. Owns the PGresult; decoding is the business of PostgresDecodable.

internal import CPostgres

/// What a query returned: rows of binary columns, or a count of affected rows.
package final class PostgresResult: @unchecked Sendable {
  // SAFETY: libpq documents PGresult as read-only after creation and free to pass between threads;
  // only accessor functions are called on it until `deinit` releases it.
  private let pointer: OpaquePointer
  /// Rows returned; zero for statements without RETURNING.
  package let rowCount: Int
  /// What each column holds; nil for one that is not in binary form.
  private let columns: [PostgresType?]

  /// Takes ownership.
  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
    rowCount = Int(PQntuples(pointer))
    columns = (0..<PQnfields(pointer)).map { column in
      PQfformat(pointer, column) == 1 ? PostgresType(rawValue: PQftype(pointer, column)) : nil
    }
  }

  deinit { PQclear(pointer) }

  /// Columns of each row.
  package var columnCount: Int { columns.count }

  /// Rows that INSERT, UPDATE, DELETE or SELECT touched; zero for other commands.
  package var affectedRows: Int {
    guard let text = PQcmdTuples(pointer) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }

  /// The command that completed, such as `COMMIT` or `UPDATE 3`.
  var commandTag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

  /// A value in text form, as replication commands answer; nil for NULL and outside the result.
  func text(row: Int32, column: Int32) -> String? {
    guard row < PQntuples(pointer), column < PQnfields(pointer),
      PQgetisnull(pointer, row, column) == 0
    else { return nil }
    return PQgetvalue(pointer, row, column).map { String(cString: $0) }
  }

  /// The rows in the order the server sent them.
  package var rows: PostgresRows { PostgresRows(result: self, count: rowCount) }

  /// The only row. Throws `.decoding` when there are none or several.
  package func onlyRow() throws(PostgresError) -> PostgresRow {
    guard rowCount == 1 else {
      throw PostgresError(.decoding, "\(rowCount) rows where one was due")
    }
    return PostgresRow(result: self, index: 0)
  }

  /// The first row, nil without any.
  package var firstRow: PostgresRow? {
    rowCount > 0 ? PostgresRow(result: self, index: 0) : nil
  }

  fileprivate func columnIndex(named name: String) -> Int? {
    let index = PQfnumber(pointer, name)
    return index < 0 ? nil : Int(index)
  }

  fileprivate func decode<Value: PostgresDecodable>(
    _: Value.Type, row: Int, column: Int
  ) throws(PostgresError) -> Value {
    guard row >= 0, row < rowCount, column >= 0, column < columns.count else {
      throw PostgresError(.decoding, "no column \(column) in the result")
    }
    guard let type = columns[column] else {
      throw PostgresError(.decoding, "column \(column) is not in binary form")
    }
    let (row, column) = (Int32(row), Int32(column))
    var bytes: UnsafeRawBufferPointer?
    if PQgetisnull(pointer, row, column) == 0 {
      let start = PQgetvalue(pointer, row, column).map { UnsafeRawPointer($0) }
      bytes = UnsafeRawBufferPointer(
        start: start, count: start == nil ? 0 : Int(PQgetlength(pointer, row, column)))
    }
    let cell = PostgresCell(type: type, bytes: bytes)
    // The cell's bytes belong to this object, which the caller's row keeps alive during the call.
    return try Value.decode(cell)
  }
}

/// The rows of a result, by index.
package struct PostgresRows: RandomAccessCollection, Sendable {
  let result: PostgresResult
  package let count: Int

  init(result: PostgresResult, count: Int) {
    self.result = result
    self.count = count
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(position: Int) -> PostgresRow {
    precondition((0..<count).contains(position), "row index out of range")
    return PostgresRow(result: result, index: position)
  }
}

/// One row. Keeps its whole result alive.
package struct PostgresRow: Sendable {
  let result: PostgresResult
  let index: Int

  /// The value of a column by position. Optionals read NULL as nil; anything else that is NULL, of
  /// another type or malformed throws `.decoding`.
  package func decode<Value: PostgresDecodable>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    try result.decode(type, row: index, column: column)
  }

  // What lists are made of: a call from another target is not specialised, and thousands of columns make a
  // page.

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int64 {
    try result.decode(Int64.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int32 {
    try result.decode(Int32.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int16 {
    try result.decode(Int16.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Double {
    try result.decode(Double.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> String {
    try result.decode(String.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> PostgresTimestamp {
    try result.decode(PostgresTimestamp.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [String] {
    try result.decode([String].self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int64] {
    try result.decode([Int64].self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int32] {
    try result.decode([Int32].self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int16] {
    try result.decode([Int16].self, row: index, column: column)
  }

  // Without these, what may be NULL would be read as what may not, and then made optional.

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int64? {
    try result.decode(Int64?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int32? {
    try result.decode(Int32?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Int16? {
    try result.decode(Int16?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> Double? {
    try result.decode(Double?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> String? {
    try result.decode(String?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> PostgresTimestamp? {
    try result.decode(PostgresTimestamp?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [String]? {
    try result.decode([String]?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int64]? {
    try result.decode([Int64]?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int32]? {
    try result.decode([Int32]?.self, row: index, column: column)
  }

  /// As for any type.
  package func decode(_ column: Int) throws(PostgresError) -> [Int16]? {
    try result.decode([Int16]?.self, row: index, column: column)
  }

  /// The value of a column by name. Slower than by position.
  package func decode<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    guard let position = result.columnIndex(named: column) else {
      throw PostgresError(.decoding, "no such column in the result")
    }
    return try result.decode(type, row: index, column: position)
  }
}
