// usher.v1.SeatMapService: the map now, and as it changes.

import BookingStore
package import Logging
package import RPC
package import Reactor
import SeatFeed
package import UsherProtos

package struct SeatMapService: Usher.V1.SeatMapServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  /// Makes `router`, which has the service, answer with maps in memory without a task.
  package func answerAtOnce(in router: inout Router) {
    router.answerAtOnce(Usher.V1.SeatMapServiceMethods.getSeatMap) {
      (request, context) throws(RPCError) in try promptMap(request, context)
    }
  }

  private func promptMap(
    _ request: Usher.V1.GetSeatMapRequest, _ context: ServerContext
  ) throws(RPCError) -> PromptAnswer<Usher.V1.GetSeatMapResponse> {
    let feed = parts[context.loop].feed
    guard request.minVersion >= 0,
      let answer = feed.answerAtOnce(request.showId, atLeast: request.minVersion)
    else {
      return .waiting { () async throws(RPCError) in
        try await self.getSeatMap(request, context: context)
      }
    }
    context.answer(with: answer)
    return .answer(.init())
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
    guard let (layout, snapshot) = found else {
      throw .notFound(.showNotFound, "show", String(request.showId))
    }
    return SeatMapFrames.map(snapshot, layout)
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

  package func watchShows(
    _ request: Usher.V1.WatchShowsRequest,
    responses: ResponseWriter<Usher.V1.WatchShowsResponse>, context: ServerContext
  ) async throws(RPCError) {
    let key = try Self.key(request)
    // Many shows are many calls, of which the first has been counted.
    try parts[context.loop].credentials.countMore(request.showIds.count - 1, context)
    do {
      try await parts[context.loop].feed.join(key, responses.call)
    } catch {
      throw failures.status(error, theatreID: request.theatreId)
    }
  }

  private static func key(
    _ request: Usher.V1.WatchShowsRequest
  ) throws(RPCError) -> ShowGroupKey {
    var violations = FieldViolations()
    let showIDs = request.showIds
    violations.require(request.theatreId >= 0, "theatre_id", "must not be negative")
    violations.require(
      (request.theatreId == 0) != showIDs.isEmpty, "show_ids",
      "name a theatre or list shows, one of both")
    violations.require(
      showIDs.count <= SeatFeed.Limits.groupShows, "show_ids",
      "must be at most \(SeatFeed.Limits.groupShows)")
    violations.require(Set(showIDs).count == showIDs.count, "show_ids", "name each show once")
    try violations.check()
    return showIDs.isEmpty ? .theatre(request.theatreId) : .shows(showIDs.sorted())
  }
}
