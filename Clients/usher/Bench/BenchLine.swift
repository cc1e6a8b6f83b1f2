// A line for a show that is full: parties join, wait, and each that is served gives its seats back to
// the next. One set of seats goes round, so that from release to offer is what is measured.

import RPC
import Reactor
import Synchronization
import UsherProtos

final class BenchLine: Sendable {
  private struct State {
    /// What keeps the show full; the first is the set that goes round.
    var holds: [Usher.V1.Booking] = []
    /// When the first of them is over, and the show no longer full.
    var end = LoopInstant(nanoseconds: .max)
    var hasBegun = false
    /// When the seats that go round were given back last.
    var released: LoopInstant?
    var readers: [String: ResponseReader<Usher.V1.JoinWaitlistResponse>] = [:]
  }

  private let run: BenchRun
  private let show: Int64
  private let state = Mutex(State())

  init(_ run: BenchRun, show: Int64) {
    self.run = run
    self.show = show
  }

  /// Fills the show, lets parties wait turn by turn while it is full, and empties it again.
  func wait() async throws(Failure) {
    run.setOnStop { self.cutStreams() }
    defer {
      run.setOnStop(nil)
      leaveHolds()
    }
    try await fill(run.sessions[0])
    let time = state.withLock { $0.end } - .now - Limits.benchPatience
    guard time > .zero else {
      throw Failure(.other, "the show's holds end too soon after all of its seats are held")
    }
    await run.turns(atMost: time) { await self.party($0) }
  }

  /// What still keeps the show full is given back with everything else.
  private func leaveHolds() {
    let holds = state.withLock { state in
      defer { state.holds = [] }
      return state.holds
    }
    for hold in holds { run.leaveForLater(.booking(hold.bookingId)) }
  }

  private func cutStreams() {
    for reader in state.withLock({ Array($0.readers.values) }) { reader.cancel() }
  }

  // MARK: Filling

  private func fill(_ session: Session) async throws(Failure) {
    try await hold(
      .init(showId: show, bestAvailable: .init(count: Int32(run.plan.seats), allowSplit: true)),
      session)
    let map = try await session.read(
      Usher.V1.GetSeatMapRequest(showId: show),
      { (request, _) async throws(RPCError) in
        try await session.seatMaps.getSeatMap(request, options: BenchRun.options(session))
      }, Advice(showId: show))
    let free = map.seats.filter { $0.state == .available }
    for group in Self.groups(of: free) where !run.isStopped {
      try await hold(.init(showId: show, seats: group), session)
    }
  }

  /// Labels row by row, in parts as even as can be, so that no part leaves a seat alone.
  static func groups(of seats: [Usher.V1.Seat]) -> [[String]] {
    let rows = Dictionary(grouping: seats, by: \.row).sorted { $0.key < $1.key }
    return rows.flatMap { _, seats in
      let labels = seats.sorted { $0.x < $1.x }.map(\.label)
      let parts = (labels.count + Limits.seatsPerHold - 1) / Limits.seatsPerHold
      return (0..<parts).map { part in
        Array(labels[labels.count * part / parts..<labels.count * (part + 1) / parts])
      }
    }
  }

  private func hold(
    _ request: Usher.V1.HoldSeatsRequest, _ session: Session
  ) async throws(Failure) {
    var request = request
    request.requestId = BenchRun.newID
    let wish = request
    let advice = Advice(showId: show, flags: session.settings.repeatedFlags)
    do throws(RPCError) {
      let response = try await session.bookings.holdSeats(
        wish, options: BenchRun.options(session))
      if let booking = response.booking { keep(booking) }
    } catch {
      if error.leavesDoubt { run.leaveForLater(.request(wish.requestId)) }
      throw advice.failure(error)
    }
  }

  private func keep(_ booking: Usher.V1.Booking) {
    let end = LoopInstant.now + .milliseconds(booking.expiresInMs)
    state.withLock { state in
      state.holds.append(booking)
      state.end = min(state.end, end)
    }
  }

  // MARK: One party

  private func party(_ session: Session) async {
    let ticket = BenchRun.newID
    defer { state.withLock { $0.readers[ticket] = nil } }
    do throws(RPCError) {
      if let booking = try await follow(ticket, session) {
        state.withLock { $0.released = .now }
        await run.release(booking, session)
      }
    } catch {
      if !run.isStopped { run.note("wait", failed: error, session) }
      await leave(ticket, session)
    }
  }

  /// Waits for the offer; nil when the server has ended the stream without one.
  private func follow(
    _ ticket: String, _ session: Session
  ) async throws(RPCError) -> Usher.V1.Booking? {
    let began = LoopInstant.now
    let request = Usher.V1.JoinWaitlistRequest(
      showId: show, count: Int32(run.plan.seats), requestId: ticket)
    // Whoever is not served when the time is over waits a while longer and leaves.
    let options = BenchRun.options(session, within: run.timeLeft + Limits.benchPatience)
    let reader = try await session.waitlist.joinWaitlist(request, options: options)
    state.withLock { $0.readers[ticket] = reader }
    if run.isStopped { reader.cancel() }
    var place: Int32?
    while let event = try await reader.next() {
      if place == nil { run.note("join", .now - began) }
      switch event.event {
      case .position(let position):
        if let place, position.position > place {
          run.note("wait", failed: Failure(.other, "somebody was let in before"))
        }
        place = position.position
        await begin(session)
      case .offer(let offer):
        if place != nil, let released = state.withLock({ $0.released }) {
          run.note("offer", .now - released)
        }
        return offer.booking
      case nil: place = place ?? 0  // A kind of event from a later version of the service.
      }
    }
    throw RPCError(.unavailable, "the server ended the stream")
  }

  /// The first party that waits sets the seats going round.
  private func begin(_ session: Session) async {
    let first = state.withLock { state -> Usher.V1.Booking? in
      guard !state.hasBegun, !state.holds.isEmpty else { return nil }
      state.hasBegun = true
      state.released = .now
      return state.holds.removeFirst()
    }
    if let first { await run.release(first, session) }
  }

  /// Gives the place up, and with it what was offered meanwhile.
  private func leave(_ ticket: String, _ session: Session) async {
    do throws(RPCError) {
      let answer = try await session.waitlist.leaveWaitlist(
        Usher.V1.LeaveWaitlistRequest(showId: show, requestId: ticket),
        options: BenchRun.options(session, within: Limits.farewell))
      if !answer.bookingId.isEmpty { run.leaveForLater(.booking(answer.bookingId)) }
    } catch {
      // Whoever never had a place leaves nothing.
      if error.code != .notFound { run.noteLeft { $0.unknown += 1 } }
    }
  }
}
