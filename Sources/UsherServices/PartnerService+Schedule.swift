// usher.v1.PartnerService: schedules. A request's rows are one statement, and its response follows before
// the next request is read: so a stream takes the memory of one request, and of the numbers of the shows that
// its theatre's rows have named.

import Booking
import BookingStore
package import RPC
package import UsherProtos

/// What a stream remembers of the theatre that its rows are of.
private struct UploadedTheatre {
  let id: Int64
  var named: Set<Int64> = []
  var isAnyRefused = false
}

extension PartnerService {
  package func uploadSchedule(
    _ requests: RequestReader<Usher.V1.UploadScheduleRequest>,
    responses: ResponseWriter<Usher.V1.UploadScheduleResponse>, context: ServerContext
  ) async throws(RPCError) {
    var theatre: UploadedTheatre?
    while let request = try await requests.next() {
      let id = request.theatreId == 0 ? theatre?.id ?? 0 : request.theatreId
      try Self.check(request, theatreID: id)
      if theatre?.id != id {
        try await requireOwn(theatre: id, context)
        theatre = UploadedTheatre(id: id)
      }
      guard var present = theatre else { throw .hidden }
      let results = try await upload(request.rows, to: &present, context)
      theatre = present
      try await responses.write(.init(results: results, complete: request.whole == nil))
      if let span = request.whole {
        try await tellVanished(span, of: present, responses, context)
      }
    }
  }

  private static func check(
    _ request: Usher.V1.UploadScheduleRequest, theatreID: Int64
  ) throws(RPCError) {
    var violations = FieldViolations()
    violations.require(theatreID != 0, "theatre_id", "must be given on the first request")
    violations.require(
      request.rows.count <= Limits.rowsPerRequest, "rows",
      "must be at most \(Limits.rowsPerRequest)")
    try violations.check()
    if let span = request.whole { _ = try ScheduleWishes.span(span) }
  }

  private func upload(
    _ rows: [Usher.V1.ScheduleRow], to theatre: inout UploadedTheatre, _ context: ServerContext
  ) async throws(RPCError) -> [Usher.V1.ScheduleRowResult] {
    var results: [Usher.V1.ScheduleRowResult] = []
    var wishes: [ScheduleWish] = []
    var places: [Int] = []
    var references: Set<String> = []
    for row in rows {
      let isRepeated = !references.insert(row.reference).inserted
      do throws(RPCError) {
        wishes.append(try ScheduleWishes.wish(row, isRepeated: isRepeated))
        places.append(results.count)
        results.append(.init())
      } catch {
        results.append(
          .init(reference: row.reference, outcome: .refused, error: error.status))
      }
    }
    let theatreID = theatre.id
    let done = try await ask(context) { [wishes] (store, _, timeout) async throws(StoreError) in
      try await store.upload(wishes, toTheatre: theatreID, timeout: timeout)
    }
    for (place, result) in zip(places, done) {
      results[place] = result.message(reference: rows[place].reference)
      if result.showID != 0 { theatre.named.insert(result.showID) }
    }
    guard theatre.named.count <= Limits.namedShows else {
      throw .refusal(
        .resourceExhausted, .overloaded,
        "One stream names at most \(Limits.namedShows) shows of a theatre.")
    }
    if results.contains(where: { $0.outcome == .refused }) { theatre.isAnyRefused = true }
    return results
  }

  private func tellVanished(
    _ span: Usher.V1.ScheduleSpan, of theatre: UploadedTheatre,
    _ responses: ResponseWriter<Usher.V1.UploadScheduleResponse>, _ context: ServerContext
  ) async throws(RPCError) {
    let times = try ScheduleWishes.span(span)
    var last: VanishedRecord?
    while true {
      let page = try await ask(context) { [last] (store, _, timeout) async throws(StoreError) in
        try await store.vanishedShows(
          ofTheatre: theatre.id, in: times, named: theatre.named, after: last,
          limit: Limits.vanishedPerResponse, timeout: timeout)
      }
      let withdraws = span.withdraw && !theatre.isAnyRefused
      let free = withdraws ? page.filter { !$0.hasSales }.map(\.showID) : []
      let withdrawn = try await ask(context) { (store, _, timeout) async throws(StoreError) in
        free.isEmpty ? [] : try await store.withdrawShows(free, timeout: timeout)
      }
      let isLast = page.count < Limits.vanishedPerResponse
      let vanished = page.map { show in
        Usher.V1.VanishedShow(
          showId: show.showID, reference: show.reference,
          startsAt: .init(unixMicroseconds: show.startsAt),
          outcome: withdrawn.contains(show.showID)
            ? .withdrawn : withdraws || show.hasSales ? .hasSales : .listed)
      }
      try await responses.write(.init(vanished: vanished, complete: isLast))
      guard !isLast else { return }
      last = page.last
    }
  }
}
