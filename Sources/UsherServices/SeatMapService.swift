// usher.v1.SeatMapService: the map now, and as it changes.

import Booking
package import BookingStore
package import Logging
import ProtoWire
package import RPC
package import Reactor
package import SeatFeed
package import UsherProtos

package struct SeatMapService: Usher.V1.SeatMapServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  package func getSeatMap(
    _ request: Usher.V1.GetSeatMapRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSeatMapResponse {
    var violations = FieldViolations()
    violations.require(request.minVersion >= 0, "min_version", "must not be negative")
    try violations.check()
    let parts = parts[context.loop]
    let answer: SharedEnvelope?
    do throws(FeedError) {
      answer = try await parts.feed.answer(request.showId, atLeast: request.minVersion)
    } catch {
      throw failures.status(error, showID: request.showId)
    }
    if let answer {
      context.answer(with: answer)
      return .init()
    }
    return try await ask(request, parts, context)
  }

  /// The map as the database has it now.
  private func ask(
    _ request: Usher.V1.GetSeatMapRequest, _ parts: NodeParts, _ context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSeatMapResponse {
    let found = try await failures.translating { () async throws(StoreError) in
      try await SeatMapFrames.find(
        request.showId, parts.shows, parts.seatMaps, timeout: context.remaining)
    }
    guard let (show, snapshot) = found else {
      throw .notFound(.showNotFound, "show", String(request.showId))
    }
    return SeatMapFrames.map(snapshot, show.layout)
  }

  package func watchSeatMap(
    _ request: Usher.V1.WatchSeatMapRequest,
    responses: ResponseWriter<Usher.V1.WatchSeatMapResponse>, context: ServerContext
  ) async throws(RPCError) {
    var violations = FieldViolations()
    violations.require(request.afterVersion >= 0, "after_version", "must not be negative")
    try violations.check()
    do {
      try await parts[context.loop].feed.join(
        request.showId, afterVersion: request.afterVersion, responses.call)
    } catch {
      throw failures.status(error, showID: request.showId)
    }
  }
}

/// Events of a show's feed as messages in their envelopes.
package enum SeatMapFrames {
  /// How the feed finds a show: its seats' names from the directory, its map from the database.
  package static func load(
    _ showID: Int64, _ shows: ShowDirectory, _ seatMaps: SeatMapStore, logger: Logger
  ) async throws(FeedError) -> LoadedShow {
    let found: (ShowDetails, SeatSnapshot)?
    do throws(StoreError) {
      found = try await find(showID, shows, seatMaps)
    } catch {
      logger.warning("seat map not loaded", metadata: ["show": "\(showID)", "error": "\(error)"])
      throw .unavailable
    }
    guard let (show, snapshot) = found else { throw .showNotFound }
    let layout = show.layout
    return LoadedShow(
      snapshot: snapshot, encode: { encode($0, layout) },
      encodeMap: { map($0, layout).envelope() })
  }

  /// A show and its map as committed now, or nil when there is no such show.
  static func find(
    _ showID: Int64, _ shows: ShowDirectory, _ seatMaps: SeatMapStore, timeout: Duration? = nil
  ) async throws(StoreError) -> (ShowDetails, SeatSnapshot)? {
    guard let show = try await shows.show(id: showID),
      let snapshot = try await seatMaps.snapshot(showID: showID, timeout: timeout)
    else { return nil }
    return (show, snapshot)
  }

  private static func encode(_ event: FeedEvent, _ layout: SeatLayout) -> [UInt8] {
    let message: Usher.V1.WatchSeatMapResponse
    switch event {
    case .snapshot(let snapshot, let resumeImpossible):
      message = .init(
        event: .snapshot(
          .init(
            showId: snapshot.showID, version: snapshot.version, seats: seats(snapshot, layout),
            resumeImpossible: resumeImpossible)))
    case .change(let previous, let version, let changes):
      let seats = changes.sorted { $0.number < $1.number }.map { change in
        Usher.V1.SeatChange(
          label: layout.seat(number: change.number)?.label ?? "", state: .init(change.state),
          seatNumber: change.number)
      }
      message = .init(
        event: .change(.init(version: version, previousVersion: previous, seats: seats)))
    case .bookmark(let version):
      message = .init(event: .bookmark(.init(version: version)))
    }
    return message.envelope()
  }

  static func map(
    _ snapshot: SeatSnapshot, _ layout: SeatLayout
  ) -> Usher.V1.GetSeatMapResponse {
    .init(
      showId: snapshot.showID, version: snapshot.version, seats: seats(snapshot, layout))
  }

  private static func seats(_ snapshot: SeatSnapshot, _ layout: SeatLayout) -> [Usher.V1.Seat] {
    snapshot.seats.compactMap { status in
      layout.seat(number: status.number).map { .init($0, state: .init(status.state)) }
    }
  }
}
