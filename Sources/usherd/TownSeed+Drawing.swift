// A room's drawing → its seats: labels, grid places, tiers, attributes. See LayoutFile for the
// characters.

import Booking

/// A checked room.
struct Drawing: Sendable {
  let name: String
  let layout: SeatLayout

  init(_ file: LayoutFile) throws(TownSeedError) {
    name = file.name
    var reader = DrawingReader(file: file)
    for (y, line) in file.rows.enumerated() where !line.isEmpty {
      try reader.read(line, y: Int32(y))
    }
    let columns = reader.columns
    let lines = Int32(file.rows.count)
    let focal = file.focal ?? [(columns - 1) * 50, (lines - 1) * 66]
    guard focal.count == 2 else { throw TownSeedError("\(file.name): focal is [x, y]") }
    do {
      layout = try SeatLayout(
        columns: columns, lines: lines,
        focalPoint: FocalPoint(xHundredths: focal[0], yHundredths: focal[1]), seats: reader.seats)
    } catch {
      throw TownSeedError("\(file.name): \(error.message) \(error.subjects)")
    }
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

  let file: LayoutFile
  private(set) var seats: [LayoutSeat] = []
  private(set) var columns: Int32 = 0

  init(file: LayoutFile) { self.file = file }

  mutating func read(_ line: String, y: Int32) throws(TownSeedError) {
    let parts = line.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2 else {
      throw TownSeedError("\(file.name): a row is a label and its places: \(line)")
    }
    let cells = Array(parts[1])
    columns = max(columns, Int32(cells.count))
    var places: [Place] = []
    for x in cells.indices {
      if let place = try place(cells, x, row: String(parts[0])) { places.append(place) }
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
    _ cells: [Character], _ x: Int, row: String
  ) throws(TownSeedError) -> Place? {
    let cell = cells[x]
    if [".", "|", "#"].contains(cell) { return nil }
    var attributes: SeatAttributes = []
    let beside = [x - 1, x + 1].filter(cells.indices.contains)
    if beside.contains(where: { cells[$0] == "|" }) { attributes.insert(.aisle) }
    let key = cell.lowercased()
    guard let tier = file.tiers[key] else {
      guard cell == "w" || cell == "c" else {
        throw TownSeedError("\(file.name): no tier \(cell)")
      }
      attributes.insert(cell == "w" ? .wheelchair : .companion)
      return Place(x: Int32(x), row: row, tier: file.accessibleTier, attributes: attributes)
    }
    if cell.isUppercase { attributes.insert(.restrictedView) }
    let prefix = file.rowPrefixes?[key] ?? ""
    return Place(x: Int32(x), row: prefix + row, tier: tier, attributes: attributes)
  }

  /// The printed numbers of a row of seats, from left to right.
  private func numbers(count: Int) -> [Int] {
    switch file.numbering {
    case .left: return Array(1...count)
    case .right: return (1...count).reversed()
    case .oddsLeft:
      let left = (count + 1) / 2
      return (0..<count).map { $0 < left ? 2 * (left - $0) - 1 : 2 * ($0 - left + 1) }
    }
  }
}
