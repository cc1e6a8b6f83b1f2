// usher.v1.PartnerService: theatres and auditoriums that are no more. What is closed already is answered like
// the first time: whoever has lost the answer asks again.

import BookingStore
package import RPC
package import UsherProtos

extension PartnerService {
  package func closeTheatre(
    _ request: Usher.V1.CloseTheatreRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CloseTheatreResponse {
    try await requireOwn(theatre: request.theatreId, evenClosed: true, context)
    try await close(theatre: request.theatreId, auditorium: nil, context)
    return .init()
  }

  package func closeAuditorium(
    _ request: Usher.V1.CloseAuditoriumRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CloseAuditoriumResponse {
    let theatreID = try await requireOwn(
      auditorium: request.auditoriumId, evenClosed: true, context)
    try await close(theatre: theatreID, auditorium: request.auditoriumId, context)
    return .init()
  }

  private func close(
    theatre id: Int64, auditorium auditoriumID: Int64?, _ context: ServerContext
  ) async throws(RPCError) {
    let shows = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.close(theatre: id, auditorium: auditoriumID, by: actor, timeout: timeout)
    }
    guard shows == 0 else {
      let count = shows == 1 ? "There is 1 show" : "There are \(shows) shows"
      throw .refusal(
        .showsToCome, "\(count) to come, or with seats held.", metadata: ["shows": String(shows)])
    }
    parts.noteOwn(CatalogueChange(.places))
  }
}
