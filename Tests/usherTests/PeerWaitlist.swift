// The test peer's waiting list. How many seats are wanted says how a party fares: 2 has its stream
// cut once and is served when it comes back; 3, 5 and 9 wait for ever, 5 being served as it leaves and
// 9 not being let go; 4 is hopeless, 6 finds its ticket used up.

import RPC
import UsherProtos

struct PeerWaitlist: Usher.V1.WaitlistServiceServer {
  let holder: PeerHolder

  func joinWaitlist(
    _ request: Usher.V1.JoinWaitlistRequest,
    responses: ResponseWriter<Usher.V1.JoinWaitlistResponse>, context: ServerContext
  ) async throws(RPCError) {
    guard request.showId == 7 else { throw PeerMaps.unknownShow }
    let (stream, continuation) = AsyncStream.makeStream(of: Usher.V1.SeatMapChange.self)
    let isFirst = holder.town { town in
      let isFirst = !town.parties.contains { $0.requestId == request.requestId }
      town.parties.append(request)
      return isFirst
    }
    switch request.count {
    case 2 where isFirst == true:
      try await responses.write(.init(event: .position(.init(position: 3, seatsAhead: 5))))
      try await responses.write(.init(event: .position(.init(position: 2, seatsAhead: 1))))
      throw RPCError(.unavailable, "the server goes away")
    case 2:
      try await responses.write(.init(event: .position(.init(position: 1))))
      let booking = holder.town { PeerBookings.hold(["B4", "B5"], &$0) }
      try await responses.write(.init(event: .offer(.init(booking: booking))))
    case 4:
      throw .refusal(.failedPrecondition, "WAIT_IS_HOPELESS", "Too many seats are sold.")
    case 6:
      throw .refusal(
        .failedPrecondition, "WAIT_ENDED", "The party waits no longer.",
        metadata: ["state": "TIMED_OUT"])
    default:
      try await responses.write(.init(event: .position(.init(position: 2, seatsAhead: 4))))
      holder.watch(continuation)
      for await _ in stream {}
      guard !Task.isCancelled else { throw .cancelled }
      throw RPCError(.unavailable, "the server goes away")
    }
  }

  func leaveWaitlist(
    _ request: Usher.V1.LeaveWaitlistRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.LeaveWaitlistResponse {
    let party = holder.town { town in
      town.leavers.append(request.requestId)
      return town.parties.first { $0.requestId == request.requestId }
    }
    guard let party = party ?? nil else {
      throw .refusal(.notFound, "WAIT_NOT_FOUND", "There is no such wait.")
    }
    guard party.count != 9 else { throw RPCError(.unavailable, "the server goes away") }
    return .init(bookingId: party.count == 5 ? "booking-5" : "")
  }
}
