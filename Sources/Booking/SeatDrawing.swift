// A room's drawing, as people write it → its seats: labels, grid places, tiers, attributes.

/// The drawing of a room: one string per row, front to back, an empty one for a cross aisle.
///
/// A row is its label, spaces, then one character per place: `.` nothing, `|` aisle, `#` pillar or
/// booth, `w` wheelchair place, `c` companion's chair, otherwise a letter of `tiers`; its upper
/// case is the same tier with a restricted view.
package struct SeatDrawing: Decodable, Sendable {
  /// How seats of a row are numbered.
  package enum Numbering: String, Decodable, Sendable {
    /// 1, 2, 3 … from the left.
    case left
    /// 1, 2, 3 … from the right.
    case right
    /// Odd numbers on the left half, even on the right, both outwards from the middle.
    case oddsLeft = "odds-left"
  }

  /// What the drawing is called; nothing depends on it.
  package let name: String?
  /// The tier that a letter stands for.
  package let tiers: [String: String]
  /// Put before the row label of a tier's seats, where one line of the drawing crosses two floors.
  package let rowPrefixes: [String: String]?
  /// Tier of wheelchair places and companions' chairs.
  package let accessibleTier: String?
  /// From the left if it does not say.
  package let numbering: Numbering?
  /// Column and line of the best view, in hundredths; left out: the middle, two thirds back.
  package let focal: [Int32]?
  /// The rows.
  package let rows: [String]

  /// Width of the grid: the longest row's.
  package var columns: Int32 {
    Int32(clamping: rows.map { Self.parts($0).last?.count ?? 0 }.max() ?? 0)
  }

  /// Depth of the grid.
  package var lines: Int32 { Int32(clamping: rows.count) }

  /// The seats, numbered from 1 in the order of the drawing. Throws `.invalidLayout` with the row that
  /// cannot be read.
  package func seats() throws(BookingError) -> [LayoutSeat] {
    guard lines <= Limits.gridExtent, columns <= Limits.gridExtent else {
      throw BookingError(
        .invalidLayout, "A drawing has at most \(Limits.gridExtent) rows and columns.")
    }
    var reader = DrawingReader(drawing: self)
    for (y, line) in rows.enumerated() where !line.isEmpty {
      try reader.read(line, y: Int32(y))
    }
    return reader.seats
  }

  fileprivate static func parts(_ line: String) -> [Substring] {
    line.split(separator: " ", omittingEmptySubsequences: true)
  }
}

private struct DrawingReader {
  /// A seat of the row being read, before it has a number in its row.
  private struct Place {
    let x: Int32
    let row: String
    let tier: String
    let attributes: SeatAttributes
  }

  let drawing: SeatDrawing
  private(set) var seats: [LayoutSeat] = []

  init(drawing: SeatDrawing) { self.drawing = drawing }

  mutating func read(_ line: String, y: Int32) throws(BookingError) {
    let parts = SeatDrawing.parts(line)
    guard parts.count == 2 else {
      throw fault("a row is a label, spaces and its places without spaces", y)
    }
    let cells = Array(parts[1])
    var places: [Place] = []
    for x in cells.indices {
      if let place = try place(cells, x, y, row: String(parts[0])) { places.append(place) }
    }
    for row in Dictionary(grouping: places, by: \.row).sorted(by: { $0.key < $1.key }) {
      for (place, number) in zip(row.value, numbers(count: row.value.count)) {
        seats.append(
          LayoutSeat(
            number: Int32(seats.count) + 1, label: "\(place.row)\(number)", row: place.row,
            x: place.x, y: y, tier: place.tier, attributes: place.attributes))
      }
    }
  }

  private func place(
    _ cells: [Character], _ x: Int, _ y: Int32, row: String
  ) throws(BookingError) -> Place? {
    let cell = cells[x]
    if [".", "|", "#"].contains(cell) { return nil }
    var attributes: SeatAttributes = []
    let beside = [x - 1, x + 1].filter(cells.indices.contains)
    if beside.contains(where: { cells[$0] == "|" }) { attributes.insert(.aisle) }
    let key = cell.lowercased()
    guard let tier = drawing.tiers[key] else {
      guard cell == "w" || cell == "c" else {
        throw fault("no tier has the letter '\(cell)' of place \(x + 1)", y)
      }
      guard let tier = drawing.accessibleTier else {
        throw fault("'\(cell)' of place \(x + 1) needs an accessible_tier", y)
      }
      attributes.insert(cell == "w" ? .wheelchair : .companion)
      return Place(x: Int32(x), row: row, tier: tier, attributes: attributes)
    }
    if cell.isUppercase { attributes.insert(.restrictedView) }
    let prefix = drawing.rowPrefixes?[key] ?? ""
    return Place(x: Int32(x), row: prefix + row, tier: tier, attributes: attributes)
  }

  private func fault(_ what: String, _ y: Int32) -> BookingError {
    BookingError(.invalidLayout, "rows[\(y)]: \(what)", subjects: [drawing.rows[Int(y)]])
  }

  /// The printed numbers of a row of seats, from left to right.
  private func numbers(count: Int) -> [Int] {
    switch drawing.numbering ?? .left {
    case .left: return Array(1...count)
    case .right: return (1...count).reversed()
    case .oddsLeft:
      let left = (count + 1) / 2
      return (0..<count).map { $0 < left ? 2 * (left - $0) - 1 : 2 * ($0 - left + 1) }
    }
  }
}
