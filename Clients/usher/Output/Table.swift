// Tables for people: a heading, aligned columns, cut to the terminal where it is one.

/// A table. Cells are a peer's words and are cleaned on the way in.
struct Table {
  struct Column {
    let title: String
    /// Numbers stand to the right.
    var toRight = false
    /// May be cut when the terminal is narrow.
    var mayShrink = false
  }

  private let columns: [Column]
  private let style: Style
  private var rows: [[String]] = []

  init(_ columns: [Column], _ style: Style) {
    self.columns = columns
    self.style = style
  }

  /// Adds a row with one cell per column.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "one cell per column")
    rows.append(cells.map(style.clean))
  }

  /// The lines, without trailing spaces. `width` nil cuts nothing.
  func lines(width: Int?) -> [String] {
    let widths = fittedWidths(width)
    let heading = line(columns.map(\.title), widths)
    return [style.paint(heading, .strong)] + rows.map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = zip(zip(cells, widths), columns).map { cell, column in
      TextWidth.pad(
        TextWidth.fit(cell.0, cell.1, mark: style.ellipsis), cell.1, toRight: column.toRight)
    }
    let joined = padded.joined(separator: "  ")
    return String(
      joined.prefix(
        upTo: joined.lastIndex { $0 != " " }.map(joined.index(after:)) ?? joined.startIndex))
  }

  /// Natural widths, of which the widest that may shrink loses a column until the line fits or
  /// none is wider than ten.
  private func fittedWidths(_ width: Int?) -> [Int] {
    var widths = columns.indices.map { index in
      rows.reduce(TextWidth.of(columns[index].title)) { max($0, TextWidth.of($1[index])) }
    }
    guard let width else { return widths }
    let gaps = 2 * (columns.count - 1)
    while widths.reduce(gaps, +) > width {
      let candidates = columns.indices.filter { columns[$0].mayShrink && widths[$0] > 10 }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    return widths
  }
}
