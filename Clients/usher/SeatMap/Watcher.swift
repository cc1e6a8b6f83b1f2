// Follows a show: keeps the map, proves that nothing was missed, resumes when the stream breaks.

import RPC
import UsherProtos

struct Watcher {
  /// When to end.
  enum End: Equatable {
    case never
    case firstEvent
    case changes(Int)
  }

  let session: Session
  let showId: Int64
  let sink: any WatchSink
  let end: End
  private var map: SeatMap?
  private var changeCount = 0
  private var reconnections = Reconnections()

  init(session: Session, showId: Int64, sink: any WatchSink, end: End) {
    self.session = session
    self.showId = showId
    self.sink = sink
    self.end = end
  }

  /// Runs until the end that was asked for. A stream that never began is not asked for again.
  mutating func run() async throws(Failure) {
    let advice = Advice(showId: showId, flags: session.settings.repeatedFlags)
    while true {
      switch await follow() {
      case .done: return
      case .failed(let failure): throw failure
      case .broken(let error):
        guard let map else { throw advice.failure(error) }
        let pause = try reconnections.pause(after: error, session, advice)
        sink.lost(error.message, pause: pause, version: map.version)
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Reads one stream to its end.
  private mutating func follow() async -> StreamOutcome {
    do throws(RPCError) {
      let reader = try await session.seatMaps.watchSeatMap(
        Usher.V1.WatchSeatMapRequest(showId: showId, afterVersion: map?.version ?? 0),
        options: try session.options())
      if map != nil { sink.resumed() }
      while let event = try await reader.next() {
        reconnections.noteEvent()
        if let outcome = receive(event) {
          reader.cancel()
          return outcome
        }
      }
      return .broken(RPCError(.unavailable, "the server ended the stream"))
    } catch {
      return .broken(error)
    }
  }

  /// Takes one event; nil to go on.
  private mutating func receive(_ event: Usher.V1.WatchSeatMapResponse) -> StreamOutcome? {
    switch event.event {
    case .snapshot(let snapshot):
      map = SeatMap(version: snapshot.version, seats: snapshot.seats)
    case .change(let change):
      switch map?.apply(change) {
      case .applied: changeCount += 1
      case .old: return nil
      case .gap, nil: return .broken(Self.gap)
      }
    case .bookmark(let bookmark):
      guard let map, bookmark.version <= map.version else { return .broken(Self.gap) }
    case nil: return nil  // A kind of event from a later version of the service.
    }
    return map.flatMap { pass(event, $0) }
  }

  private func pass(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) -> StreamOutcome? {
    do throws(Failure) {
      try sink.receive(event, map)
    } catch {
      return .failed(error)
    }
    switch end {
    case .never: return nil
    case .firstEvent: return .done
    case .changes(let count): return changeCount >= count ? .done : nil
    }
  }

  private static let gap = RPCError(.unavailable, "a change is missing")
}
