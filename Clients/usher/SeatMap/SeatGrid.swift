// Where seats stand: lines from front to back, columns from left to right, by grid position alone.
// Printed labels are only written at the edges.

import UsherProtos

/// The seats in their places.
struct SeatGrid {
  /// A line of seats.
  struct Line {
    /// The row's printed label.
    let label: String
    /// Seats by column.
    let seats: [Int: Usher.V1.Seat]
    /// Printed numbers of the outermost seats; empty when a label does not begin with the row's.
    let firstNumber: String
    let lastNumber: String
  }

  /// From the front; nil is a line without seats, an aisle across. Wide empty spaces are shortened.
  let lines: [Line?]
  /// Columns from the leftmost seat to the rightmost.
  let columns: Range<Int>
  /// Seats that stand outside any sensible grid and are not drawn.
  let strayCount: Int
  /// The number printed on all seats of a column; nil unless every column has just one, of characters
  /// that are no wider than a seat.
  let ruler: [Int: String]?

  /// Steps of a grid in either direction; larger ones are no auditoriums.
  static let limit: Int32 = 2_000

  init(_ seats: [Usher.V1.Seat]) {
    let sensible = 0..<Self.limit
    let placed = seats.filter { sensible.contains($0.x) && sensible.contains($0.y) }
    strayCount = seats.count - placed.count
    let left = placed.map(\.x).min() ?? 0
    let right = placed.map(\.x).max() ?? -1
    columns = Int(left)..<Int(right) + 1
    lines = Self.lines(placed)
    ruler = Self.ruler(placed)
  }

  private static func lines(_ seats: [Usher.V1.Seat]) -> [Line?] {
    let byLine = Dictionary(grouping: seats, by: \.y)
    var lines: [Line?] = []
    var previous: Int32?
    for (y, seats) in byLine.sorted(by: { $0.key < $1.key }) {
      let empty = previous.map { y - $0 - 1 } ?? 0
      lines += Array(repeating: nil, count: Int(min(empty, 2)))
      lines.append(line(seats.sorted { $0.x < $1.x }))
      previous = y
    }
    return lines
  }

  private static func line(_ seats: [Usher.V1.Seat]) -> Line {
    Line(
      label: seats.first?.row ?? "",
      seats: Dictionary(seats.map { (Int($0.x), $0) }) { $1 },
      firstNumber: seats.first.map(number) ?? "", lastNumber: seats.last.map(number) ?? "")
  }

  /// What a label says behind the row's label: `12` of `F12`.
  private static func number(_ seat: Usher.V1.Seat) -> String {
    guard !seat.row.isEmpty, seat.label.hasPrefix(seat.row) else { return "" }
    return String(seat.label.dropFirst(seat.row.count).drop { $0 == "-" || $0 == " " }.prefix(4))
  }

  private static func ruler(_ seats: [Usher.V1.Seat]) -> [Int: String]? {
    var ruler: [Int: String] = [:]
    for seat in seats {
      let number = number(seat)
      guard !number.isEmpty, number.allSatisfy({ TextWidth.of($0) == 1 }),
        ruler.updateValue(number, forKey: Int(seat.x)) ?? number == number
      else { return nil }
    }
    return ruler.isEmpty ? nil : ruler
  }
}
