// usher.v1.PartnerService: schedules. A request's rows are one statement, and its response follows before the
// next request is read: so a stream takes the memory of one request, and of the numbers of the shows that its
// rows have named.

import Booking
import BookingStore
package import RPC
import Reactor
package import UsherProtos

/// What a stream remembers of a theatre that its rows are of.
struct UploadedTheatre {
  let id: Int64
  /// The shows that rows have named.
  var named: Set<Int64> = []
  var isAnyRefused = false
}

extension [Int64: UploadedTheatre] {
  /// Throws when so many rows may name more shows than are remembered.
  func requireRoom(forRows count: Int) throws(RPCError) {
    guard values.reduce(count, { $0 + $1.named.count }) > Limits.namedShows else { return }
    throw .refusal(
      .scheduleTooLarge,
      "One stream names at most \(Limits.namedShows) shows.",
      metadata: ["shows": String(Limits.namedShows)])
  }
}

extension PartnerService {
  package func uploadSchedule(
    _ requests: RequestReader<Usher.V1.UploadScheduleRequest>,
    responses: ResponseWriter<Usher.V1.UploadScheduleResponse>, context: ServerContext
  ) async throws(RPCError) {
    var theatres: [Int64: UploadedTheatre] = [:]
    try await receive(requests, &theatres, responses, context)
  }

  private func receive(
    _ requests: RequestReader<Usher.V1.UploadScheduleRequest>,
    _ theatres: inout [Int64: UploadedTheatre],
    _ responses: ResponseWriter<Usher.V1.UploadScheduleResponse>, _ context: ServerContext
  ) async throws(RPCError) {
    var id: Int64 = 0
    while let request = try await requests.next() {
      if request.theatreId != 0 { id = request.theatreId }
      try Self.check(request, theatreID: id)
      try await admit(context)
      try await requireOwn(theatre: id, context)
      try theatres.requireRoom(forRows: request.rows.count)
      var present = theatres[id] ?? UploadedTheatre(id: id)
      defer { theatres[id] = present }
      let results = try await upload(request.rows, to: &present, context)
      theatres[id] = present
      try await responses.write(.init(results: results, complete: request.whole == nil))
      if let span = request.whole {
        try await tellVanished(span, of: present, responses, context)
      }
    }
  }

  /// A stream may last for long: the key must be good for each of its requests, and each counts as a call.
  private func admit(_ context: ServerContext) async throws(RPCError) {
    let cache = parts[context.loop].credentials
    let caller = try await failures.translating { () async throws(StoreError) in
      try await CredentialInterceptor.presentCaller(context, cache, .manage)
    }
    let present = try caller.get()
    try present.count(in: .reporting)
    context.caller = present
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
    let done = try await ask(context) {
      [wishes, theatreID = theatre.id] (store, actor, timeout) async throws(StoreError) in
      try await store.upload(wishes, toTheatre: theatreID, by: actor, timeout: timeout)
    }
    for (place, result) in zip(places, done) {
      results[place] = result.message(of: rows[place])
      if result.showID != 0 { theatre.named.insert(result.showID) }
    }
    if results.contains(where: { $0.outcome == .refused }) { theatre.isAnyRefused = true }
    let changed = done.filter { [.created, .updated].contains($0.outcome) }
    await parts.noteOwn(
      shows: changed.map(\.showID),
      before: Set(changed.filter { $0.outcome == .updated }.map(\.previousMovieID)), context)
    return results
  }

  private func tellVanished(
    _ span: Usher.V1.ScheduleSpan, of theatre: UploadedTheatre,
    _ responses: ResponseWriter<Usher.V1.UploadScheduleResponse>, _ context: ServerContext
  ) async throws(RPCError) {
    let times = try ScheduleWishes.span(span)
    let withdraws = span.withdraw && !theatre.isAnyRefused
    var last: UploadedShowRecord?
    while true {
      let page = try await ask(context) {
        [last, id = theatre.id] (store, _, timeout) async throws(StoreError) in
        try await store.uploadedShows(
          ofTheatre: id, in: times, after: last, limit: Limits.vanishedPerResponse,
          timeout: timeout)
      }
      let unnamed = page.filter { !theatre.named.contains($0.showID) }
      let free = withdraws ? unnamed.filter { !$0.hasSales }.map(\.showID) : []
      let withdrawn = try await ask(context) {
        [id = theatre.id] (store, actor, timeout) async throws(StoreError) in
        free.isEmpty
          ? [] : try await store.withdrawShows(free, ofTheatre: id, by: actor, timeout: timeout)
      }
      await parts.noteOwn(shows: Array(withdrawn), context)
      let isLast = page.count < Limits.vanishedPerResponse
      let vanished = unnamed.map { show in
        Usher.V1.VanishedShow(
          showId: show.showID, reference: show.reference,
          startsAt: .init(unixMicroseconds: show.startsAt),
          outcome: withdrawn.contains(show.showID)
            ? .withdrawn : withdraws || show.hasSales ? .hasSales : .listed)
      }
      if isLast || !vanished.isEmpty {
        try await responses.write(.init(vanished: vanished, complete: isLast))
      }
      guard !isLast else { return }
      last = page.last
    }
  }
}
