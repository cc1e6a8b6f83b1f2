// Follows the counts of many shows: prints a snapshot as a table and every show that changed as a
// row under it, or each event as JSON; begins anew when the stream breaks.

import RPC
import UsherProtos

struct ShowsWatcher {
  private typealias API = Usher.V1

  private let session: Session
  private let request: Usher.V1.WatchShowsRequest
  private let end: Watcher.End
  private var changeCount = 0
  private var hasBegun = false
  private var reconnections = Reconnections()

  init(session: Session, request: Usher.V1.WatchShowsRequest, end: Watcher.End) {
    self.session = session
    self.request = request
    self.end = end
  }

  /// Runs until the end that was asked for. A stream that never began is not asked for again.
  mutating func run() async throws(Failure) {
    let advice = Advice(showId: request.showIds.first, flags: session.settings.repeatedFlags)
    while true {
      switch await follow() {
      case .done: return
      case .failed(let failure): throw failure
      case .broken(let error):
        guard hasBegun else { throw advice.failure(error) }
        let pause = try reconnections.pause(after: error, session, advice)
        session.output.notice(
          "the stream broke (\(error.message)); beginning anew in \(Clock.span(pause))")
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Reads one stream to its end.
  private mutating func follow() async -> StreamOutcome {
    do throws(RPCError) {
      let reader = try await session.seatMaps.watchShows(request, options: try session.options())
      while let event = try await reader.next() {
        reconnections.noteEvent()
        hasBegun = true
        if let outcome = pass(event) {
          reader.cancel()
          return outcome
        }
      }
      return .broken(RPCError(.unavailable, "the server ended the stream"))
    } catch {
      return .broken(error)
    }
  }

  /// Prints one event; nil to go on.
  private mutating func pass(_ event: Usher.V1.WatchShowsResponse) -> StreamOutcome? {
    do throws(Failure) {
      let output = session.output
      if output.presentation.output == .table {
        try output.print(lines: ShowCountsText.lines(event, output.style))
      } else {
        try output.print(event: event)
      }
    } catch {
      return .failed(error)
    }
    if case .change = event.event { changeCount += 1 }
    switch end {
    case .never: return nil
    case .firstEvent: return .done
    case .changes(let count): return changeCount >= count ? .done : nil
    }
  }
}

/// Events of many shows in rows of one width, so that rows that come later stand under their
/// headings.
enum ShowCountsText {
  private static let headings = ["SHOW", "VERSION", "FREE", "HELD", "SOLD", "BLOCKED"]
  private static let widths = [10, 8, 6, 6, 6, 7]

  static func lines(_ event: Usher.V1.WatchShowsResponse, _ style: Style) -> [String] {
    switch event.event {
    case .snapshot(let snapshot):
      return [style.paint(row(headings), .strong)] + snapshot.shows.map(row)
    case .change(let change):
      return change.shows.map(row) + change.removedShowIds.map { row(["\($0)", "gone"]) }
    // Nothing to see; the connection is alive.
    case .bookmark, nil: return []
    }
  }

  private static func row(_ show: Usher.V1.ShowAvailability) -> String {
    row(
      [show.showId, show.version].map { "\($0)" }
        + [show.availableCount, show.heldCount, show.soldCount, show.blockedCount].map { "\($0)" })
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, widths).map { TextWidth.pad($0, $1, toRight: true) }.joined(separator: "  ")
  }
}
