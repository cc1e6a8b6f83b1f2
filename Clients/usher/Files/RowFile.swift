// Files of rows: CSV with a heading, or JSON with a row a line. See FILES.md. What the columns are is said
// elsewhere.

import ArgumentParser
import Foundation
import ProtoWire
import RPC
import UsherProtos

/// A row of a file.
struct NumberedRow<Row> {
  let line: Int
  let row: Result<Row, RowFault>
}

/// Why a line is no row.
struct RowFault: Error, Equatable {
  let message: String
  init(_ message: String) { self.message = message }

  /// The refusal as which it is told, as if the server had seen the line.
  var status: Google.Rpc.Status {
    .init(code: Int32(StatusCode.invalidArgument.rawValue), message: message)
  }
}

/// The columns of a CSV file, as its first line names them.
protocol RowColumns {
  associatedtype Row: ProtoJSONMessage
  /// What the file is to people.
  static var noun: String { get }
  /// Reads the heading.
  init(_ heading: String) throws(RowFault)
  /// Reads a row.
  func row(_ line: String) throws(RowFault) -> Row
}

/// How a file has its rows.
enum RowFormat: String, CaseIterable, ExpressibleByArgument {
  case csv, json
}

/// Reads the rows of a file, one at a time, however long it is.
final class RowFile<Columns: RowColumns> {
  private let lines: LineReader
  private let path: String
  private let format: RowFormat
  private var columns: Columns?

  /// Opens a file, whose format its name tells unless it is given.
  init(_ path: String, _ format: RowFormat?) throws(Failure) {
    self.path = path
    guard let format = format ?? Self.format(of: path) else {
      throw Failure(
        .usage, "\(path): is it CSV or JSON?", hint: "Name it so, or give --format csv or json.")
    }
    self.format = format
    do {
      lines = try LineReader(path)
    } catch {
      throw Failure(.usage, "cannot read the \(Columns.noun) \(path): \(BoundedFile.reason(error))")
    }
  }

  private static func format(of path: String) -> RowFormat? {
    if path.hasSuffix(".csv") { return .csv }
    return path.hasSuffix(".json") || path.hasSuffix(".jsonl") ? .json : nil
  }

  /// The part of the file that was read; nil when its length is not known.
  var fraction: Double? { lines.fraction }

  /// Starts from the beginning; false where that cannot be done.
  func rewind() -> Bool {
    columns = nil
    return lines.rewind()
  }

  /// The next row; nil after the last. Lines of spaces are passed over, and one that is no row stops no
  /// other.
  func next() throws(Failure) -> NumberedRow<Columns.Row>? {
    while let read = try nextLine() {
      do throws(RowFault) {
        let line = try read.get()
        guard line.contains(where: { !$0.isWhitespace }) else { continue }
        if format == .csv, columns == nil {
          columns = try Columns(line)
          continue
        }
        return .init(line: lines.lineNumber, row: .success(try row(line)))
      } catch {
        // Without its heading no line of CSV says anything.
        if format == .csv, columns == nil { throw headless(error) }
        return .init(line: lines.lineNumber, row: .failure(error))
      }
    }
    return nil
  }

  private func nextLine() throws(Failure) -> Result<String, RowFault>? {
    do {
      return try lines.next()
    } catch {
      throw Failure(
        .usage, "\(path), line \(lines.lineNumber + 1): \(BoundedFile.reason(error))")
    }
  }

  private func headless(_ fault: RowFault) -> Failure {
    Failure(
      .usage, "\(path), line \(lines.lineNumber): \(fault.message)",
      hint: "Clients/usher/FILES.md describes each \(Columns.noun) as a file.")
  }

  private func row(_ line: String) throws(RowFault) -> Columns.Row {
    if let columns { return try columns.row(line) }
    do throws(ProtoJSONError) {
      return try Columns.Row(jsonBytes: [UInt8](line.utf8))
    } catch {
      throw RowFault("\(error)")
    }
  }
}
