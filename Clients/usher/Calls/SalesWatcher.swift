// Follows sales: prints each transaction once, and goes on behind the last one when the stream breaks.

import RPC
import UsherProtos

struct SalesWatcher {
  private let session: Session
  /// The last position that was printed; nil before the first word of a stream of new sales only.
  private var position: Int64?
  /// Transactions still to be printed; nil for no end.
  private var left: Int?
  private let once: Bool
  private var hasBegun = false
  private var reconnections = Reconnections()

  init(session: Session, after: Int64?, count: Int?, once: Bool) {
    self.session = session
    position = after
    left = count
    self.once = once
  }

  /// Runs until the end that was asked for. A stream that never began is not asked for again.
  mutating func run() async throws(Failure) {
    let advice = Advice(flags: session.settings.repeatedFlags)
    while true {
      switch await follow() {
      case .done: return
      case .failed(let failure): throw failure
      case .broken(let error):
        guard hasBegun else { throw advice.failure(error) }
        let pause = try reconnections.pause(after: error, session, advice)
        session.output.notice(
          "the stream broke (\(error.message)); resuming after position \(position ?? 0) in "
            + Clock.span(pause))
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Reads one stream to its end.
  private mutating func follow() async -> StreamOutcome {
    do throws(RPCError) {
      let reader = try await session.sales.watchSales(
        .init(afterPosition: position ?? 0, onlyNew: position == nil),
        options: try session.options())
      while let message = try await reader.next() {
        reconnections.noteEvent()
        hasBegun = true
        if let outcome = take(message) {
          reader.cancel()
          return outcome
        }
      }
      return .broken(RPCError(.unavailable, "the server ended the stream"))
    } catch {
      return .broken(error)
    }
  }

  /// Prints one message; nil to go on.
  private mutating func take(_ message: Usher.V1.WatchSalesResponse) -> StreamOutcome? {
    do throws(Failure) {
      if session.output.presentation.output == .table {
        try session.output.print(lines: SalesText.lines(message, session.output.style))
      } else {
        try session.output.print(event: message)
      }
    } catch {
      return .failed(error)
    }
    switch message.event {
    case .transaction(let transaction):
      position = transaction.position
      left = left.map { $0 - 1 }
      return left == 0 ? .done : nil
    case .bookmark(let bookmark):
      position = bookmark.position
      return once && bookmark.isNewest ? .done : nil
    case nil: return nil  // A kind of event from a later version of the service.
    }
  }
}
