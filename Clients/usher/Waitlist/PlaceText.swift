// What a party in line is told: on a terminal one line that is written over, elsewhere a line per
// event, for programs an object per event.

import UsherProtos

struct PlaceText: Sendable {
  private let output: Output
  private let again: String
  private let asker: Asker
  /// Whether lines are written over.
  private let isCanvas: Bool
  /// Whether the cursor is behind an unfinished line.
  private var isInLine = false
  /// Whether anything was told: then there is a place, or was.
  private(set) var isTold = false

  /// `again` is the command that goes on waiting at the same place, `asker` who waits.
  init(_ output: Output, again: String, _ asker: Asker) {
    self.output = output
    self.again = again
    self.asker = asker
    isCanvas = output.presentation.output == .table && Console.isCanvas
  }

  mutating func tell(_ event: Usher.V1.JoinWaitlistResponse) throws(Failure) {
    defer { isTold = true }
    guard output.presentation.output == .table else { return try output.print(event: event) }
    switch event.event {
    case .position(let place): try tell(place)
    case .offer(let offer):
      endLine()
      // Whoever went away meanwhile hears it.
      if isCanvas { Console.error("\u{7}") }
      let booking = offer.booking ?? Usher.V1.Booking()
      try output.print(lines: BookingText.offered(booking, asker, output.style))
    case nil: break  // A kind of event from a later version of the service.
    }
  }

  private mutating func tell(_ place: Usher.V1.WaitlistPosition) throws(Failure) {
    if !isTold { output.notice("Ctrl-C leaves the line; the ticket keeps the place: \(again)") }
    guard isCanvas else { return try output.print(lines: [Self.line(place)]) }
    try Console.write("\r\u{1b}[K" + output.style.paint(Self.line(place), .strong))
    isInLine = true
  }

  /// Finishes the line that is written over, if there is one.
  mutating func endLine() {
    if isInLine { Console.error("\n") }
    isInLine = false
  }

  static func line(_ place: Usher.V1.WaitlistPosition) -> String {
    let ahead = place.seatsAhead == 1 ? "1 seat wanted" : "\(place.seatsAhead) seats wanted"
    return place.position <= 1
      ? "place 1   next in line" : "place \(place.position)   \(ahead) before you"
  }
}
