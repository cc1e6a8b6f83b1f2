// What the feed needs of the services: how shows are found, and events as messages in their
// envelopes.

import Booking
package import BookingStore
package import Logging
import ProtoWire
package import SeatFeed
import UsherProtos

/// Shows and events of the feed.
package enum SeatMapFrames {
  /// How the feed finds a show: its map from the database, its seats' names from the directory.
  package static func load(
    _ showID: Int64, _ shows: ShowDirectory, _ seatMaps: SeatMapStore, logger: Logger
  ) async throws(FeedError) -> LoadedShow {
    let found: (SeatLayout, SeatSnapshot)?
    do throws(StoreError) {
      found = try await find(showID, shows, seatMaps)
    } catch {
      logger.warning("seat map not loaded", metadata: ["show": "\(showID)", "error": "\(error)"])
      throw .unavailable
    }
    guard let (layout, snapshot) = found else { throw .showNotFound }
    return LoadedShow(
      snapshot: snapshot, encode: { encode($0, layout) },
      encodeMap: { map($0, layout).envelope() })
  }

  /// How the feed finds the shows of a theatre.
  package static func groups(_ seatMaps: SeatMapStore, logger: Logger) -> GroupSource {
    GroupSource(
      shows: { (theatreID) async throws(FeedError) in
        do throws(StoreError) {
          return try await seatMaps.shows(
            theatreID: theatreID, atMost: SeatFeed.Limits.groupShows)
        } catch {
          logger.warning(
            "programme not read", metadata: ["theatre": "\(theatreID)", "error": "\(error)"])
          throw .unavailable
        }
      }, encode: encode)
  }

  /// A show's layout and its map as committed now, or nil when there is no such show.
  static func find(
    _ showID: Int64, _ shows: ShowDirectory, _ seatMaps: SeatMapStore, timeout: Duration? = nil
  ) async throws(StoreError) -> (SeatLayout, SeatSnapshot)? {
    guard let taken = try await seatMaps.taken(showID: showID, timeout: timeout) else { return nil }
    let layout = try await shows.layout(taken.layout)
    return (layout, taken.snapshot(of: layout))
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

  private static func encode(_ event: GroupEvent) -> [UInt8] {
    let message: Usher.V1.WatchShowsResponse
    switch event {
    case .snapshot(let shows):
      message = .init(event: .snapshot(.init(shows: shows.map { .init($0) })))
    case .change(let shows, let removed):
      message = .init(
        event: .change(.init(shows: shows.map { .init($0) }, removedShowIds: removed)))
    case .bookmark: message = .init(event: .bookmark(.init()))
    }
    return message.envelope()
  }
}

extension Usher.V1.ShowAvailability {
  fileprivate init(_ show: ShowAvailability) {
    self.init(
      showId: show.showID, version: show.version, availableCount: show.counts.available,
      heldCount: show.counts.held, soldCount: show.counts.sold, blockedCount: show.counts.blocked)
  }
}
