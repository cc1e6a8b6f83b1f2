// `usher seats`: a show's map as it is now.

import ArgumentParser
import RPC
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
    try await global.perform { (session) throws(Failure) in
      let advice = Advice(showId: show, flags: session.settings.repeatedFlags)
      let response = try await session.read(advice) { (options) async throws(RPCError) in
        try await session.seatMaps.getSeatMap(
          Usher.V1.GetSeatMapRequest(showId: show), options: options)
      }
      guard session.output.presentation.output == .table else {
        return try session.output.print(response, lines: [])
      }
      let drawing = SeatMapDrawing(
        SeatMap(version: response.version, seats: response.seats),
        show: try await session.show(show), style: session.output.style)
      try session.output.print(
        lines: drawing.lines(width: Console.width) + (free ? [""] + drawing.freeSeats : []))
    }
  }
}

extension Session {
  func show(_ id: Int64) async throws(Failure) -> Usher.V1.Show {
    let advice = Advice(showId: id, flags: settings.repeatedFlags)
    let response = try await read(advice) { (options) async throws(RPCError) in
      try await catalog.getShow(Usher.V1.GetShowRequest(showId: id), options: options)
    }
    return response.show ?? Usher.V1.Show()
  }
}
