// usher.v1.PartnerService: layouts of auditoriums.

import Booking
import BookingStore
package import RPC
package import UsherProtos

extension PartnerService {
  package func importLayout(
    _ request: Usher.V1.ImportLayoutRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ImportLayoutResponse {
    let plan = try LayoutWishes.layout(request)
    try await requireOwn(auditorium: request.auditoriumId, context)
    let outcome = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.importLayout(
        plan, auditoriumID: request.auditoriumId, expectedVersion: request.expectedVersion,
        isDryRun: request.dryRun, by: actor, timeout: timeout)
    }
    switch outcome {
    case .done(let done):
      return .init(
        layoutVersion: done.version, diff: .init(done.difference),
        seatCount: Int32(clamping: plan.seats.count),
        showsKeepingEarlier: done.showsKeepingEarlier)
    case .changed(let version):
      throw .refusal(
        .layoutChanged, "The layout is another by now: its newest version is \(version).",
        metadata: ["layout_version": String(version)])
    case .tooMany:
      throw .refusal(
        .tooManyLayouts,
        "The auditorium has had \(StoreLimits.layoutsInDays) new layouts within "
          + "\(StoreLimits.layoutDays) days.",
        metadata: ["layouts": String(StoreLimits.layoutsInDays)])
    case .numbersUsedUp:
      throw .refusal(
        .seatNumbersUsedUp,
        "The auditorium has had so many different labels that no seat number is left.")
    }
  }

  package func getLayout(
    _ request: Usher.V1.GetLayoutRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetLayoutResponse {
    var violations = FieldViolations()
    violations.require(request.layoutVersion >= 0, "layout_version", "must not be negative")
    try violations.check()
    try await requireOwn(auditorium: request.auditoriumId, context)
    let found = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.layout(
        auditoriumID: request.auditoriumId, version: request.layoutVersion, timeout: timeout)
    }
    guard let found else {
      throw .notFound(
        .layoutNotFound, "layout", "\(request.auditoriumId)/\(request.layoutVersion)")
    }
    return .init(
      layout: .init(
        auditoriumID: request.auditoriumId, version: found.version, found.layout))
  }

  package func listLayoutVersions(
    _ request: Usher.V1.ListLayoutVersionsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListLayoutVersionsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    try await requireOwn(auditorium: request.auditoriumId, context)
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.layoutVersions(
        auditoriumID: request.auditoriumId, pageSize: size, pageToken: request.pageToken,
        timeout: timeout)
    }
    return .init(
      versions: page.items.map {
        .init(
          layoutVersion: $0.version, createdAt: .init(unixMicroseconds: $0.createdAt),
          seatCount: $0.seatCount, showsToCome: $0.showsToCome)
      }, nextPageToken: page.nextPageToken)
  }
}
