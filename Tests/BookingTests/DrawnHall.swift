// Halls drawn as text, so that a test shows the seats it speaks of.

@testable import Booking

/// A hall from lines of signs, the first at the stage: `o` a free seat, `x` one that is taken, `W`
/// a free wheelchair place, `C` a companion's, `v` a free seat with a restricted view, a blank no
/// seat. Seats are called A1, A2, … by line and column.
struct DrawnHall {
  let layout: SeatLayout
  let free: SeatSet
  let best: BestAvailable

  /// `tiers` has a letter for each sign; without it all seats are of tier G. `focus` is the focal
  /// point in hundredths of a step.
  init(_ lines: [String], tiers: [String]? = nil, focus: (Int32, Int32)) throws {
    var seats: [LayoutSeat] = []
    var free: [Int] = []
    for (y, line) in lines.enumerated() {
      for (x, sign) in line.enumerated() where sign != " " {
        let row = String("ABCDEFGHIJ".dropFirst(y).prefix(1))
        if sign != "x" { free.append(seats.count) }
        seats.append(
          LayoutSeat(
            number: Int32(seats.count), label: "\(row)\(x + 1)", row: row, x: Int32(x),
            y: Int32(y), tier: tiers.map { String(Array($0[y])[x]) } ?? "G",
            attributes: Self.attributes(sign)))
      }
    }
    layout = try SeatLayout(
      columns: Int32(lines.map(\.count).max() ?? 1), lines: Int32(lines.count),
      focalPoint: FocalPoint(xHundredths: focus.0, yHundredths: focus.1), seats: seats)
    self.free = SeatSet(free, capacity: seats.count)
    best = BestAvailable(SeatRows(layout))
  }

  private static func attributes(_ sign: Character) -> SeatAttributes {
    switch sign {
    case "W": .wheelchair
    case "C": .companion
    case "v": .restrictedView
    default: []
    }
  }

  func choose(
    _ count: Int, tiers: [String]? = nil, _ rule: OrphanRule = .off, allowSplit: Bool = false
  ) -> String? {
    best.choose(
      count: count, tiers: tiers.map { layout.tiers(named: $0) } ?? .all, free: free, rule: rule,
      allowSplit: allowSplit
    ).map(labels)
  }

  func objections(_ named: String..., rule: OrphanRule = .forbid) throws -> String {
    labels(best.rows.objections(toTaking: try indices(named), rule: rule, free: free))
  }

  func stranded(by named: String...) throws -> String {
    labels(best.rows.strandedSeats(taking: try indices(named), free: free))
  }

  private func indices(_ labels: [String]) throws -> [Int] {
    try layout.resolve(labels: labels).compactMap { layout.index(number: $0.number) }
  }

  private func labels(_ seats: [Int]) -> String {
    seats.map { layout.seats[$0].label }.joined(separator: " ")
  }
}
