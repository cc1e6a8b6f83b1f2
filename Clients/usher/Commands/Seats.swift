// `usher seats`: a show's map as it is now.

import ArgumentParser
import UsherProtos

struct Seats: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draws a show's seats and what they cost.",
    discussion: "Every seat is a letter: \(letters). Colours tell the price tiers apart.")

  private static let letters = SeatGlyph.allCases.filter { $0 != .unknown }
    .map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ")

  @Argument(help: "The show's id.") var show: Int64
  @Flag(help: "Also list the labels of the free seats, row by row.") var free = false
  @OptionGroup var global: GlobalOptions

  func validate() throws { try Hold.check(show: show) }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let response = try await session.read(
        Usher.V1.GetSeatMapRequest(showId: show), session.seatMaps.getSeatMap,
        Advice(showId: show))
      let terms = try await session.show(show)
      let output = session.output
      switch output.presentation.output {
      case .json, .jsonl: try output.print(json: SeatsText.json(response, terms.setAside))
      case .csv: try output.print(response.seats, SeatsText.seats(terms), heading: true)
      case .table:
        let drawing = SeatMapDrawing(
          SeatMap(version: response.version, seats: response.seats), of: terms,
          style: output.style)
        try output.print(
          lines: drawing.lines(width: Console.width) + (free ? [""] + drawing.freeSeats : []))
      }
    }
  }
}

extension Session {
  /// A show and its terms.
  func show(_ id: Int64) async throws(Failure) -> Usher.V1.GetShowResponse {
    try await read(
      Usher.V1.GetShowRequest(showId: id), catalog.getShow, Advice(showId: id))
  }
}
