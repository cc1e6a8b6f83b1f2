// A room's drawing → its checked layout.

import Booking

/// A checked room.
struct Drawing: Sendable {
  let name: String
  let layout: SeatLayout

  init(_ file: SeatDrawing) throws(TownSeedError) {
    let name = file.name ?? ""
    self.name = name
    let focal = file.focal ?? [(file.columns - 1) * 50, (file.lines - 1) * 66]
    guard focal.count == 2 else { throw TownSeedError("\(name): focal is [x, y]") }
    do {
      layout = try SeatLayout(
        columns: file.columns, lines: file.lines,
        focalPoint: FocalPoint(xHundredths: focal[0], yHundredths: focal[1]),
        seats: try file.seats())
    } catch {
      throw TownSeedError("\(name): \(error.message) \(error.subjects)")
    }
  }
}
