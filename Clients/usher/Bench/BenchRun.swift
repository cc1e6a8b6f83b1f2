// A load under way: turns in flight over some connections, until their number or the time is over or
// the person has had enough. Knows the calls that turns are made of, not which turns there are.

import Foundation
import RPC
import Reactor
import Synchronization
import UsherProtos

/// How much of a load.
struct BenchPlan: Sendable {
  var turnCount: Int
  var seconds: Double
  var inFlight: Int
  /// Seats of each hold.
  var seats: Int
}

final class BenchRun: Sendable {
  private struct State {
    var turnsLeft: Int
    var turnCount = 0
    var began: LoopInstant?
    /// When the time for turns is over.
    var end: LoopInstant?
    var ended: LoopInstant?
    var isStopped = false
    var onStop: (@Sendable () -> Void)?
  }

  let sessions: [Session]
  let plan: BenchPlan
  private let state: Mutex<State>
  private let tally = Mutex(BenchTally())
  private let loose = Mutex<[Loose]>([])

  /// `sessions` are one or more.
  init(_ sessions: [Session], _ plan: BenchPlan) {
    self.sessions = sessions
    self.plan = plan
    state = Mutex(State(turnsLeft: plan.turnCount))
  }

  // MARK: Turns

  /// Takes turns, so many at a time, each connection's on its own loop. The time runs from here, and
  /// is over after `atMost` if that is less than planned.
  func turns(
    inFlight: Int? = nil, atMost: Duration? = nil,
    _ turn: @escaping @Sendable (Session) async -> Void
  ) async {
    state.withLock { state in
      let began = LoopInstant.now
      state.began = began
      state.end = began + min(wholeTime, atMost ?? wholeTime)
    }
    let workers = (0..<(inFlight ?? plan.inFlight)).map { number in
      let session = sessions[number % sessions.count]
      return session.loop.spawn {
        while self.takeTurn() { await turn(session) }
      }
    }
    for worker in workers { await worker.value }
    state.withLock { $0.ended = .now }
  }

  private func takeTurn() -> Bool {
    guard timeLeft > .zero else { return false }
    return state.withLock { state in
      guard state.turnsLeft > 0, !state.isStopped else { return false }
      state.turnsLeft -= 1
      state.turnCount += 1
      return true
    }
  }

  private var wholeTime: Duration { .seconds(plan.seconds) }

  /// What is left of the time for turns; all of it before the first.
  var timeLeft: Duration {
    guard let end = state.withLock({ $0.end }) else { return wholeTime }
    return max(.zero, end - .now)
  }

  /// No turn begins any more; those under way go on to their end.
  func stop() {
    let onStop = state.withLock { state in
      state.isStopped = true
      return state.onStop
    }
    onStop?()
  }

  var isStopped: Bool { state.withLock { $0.isStopped } }

  /// What else a stop ends.
  func setOnStop(_ act: (@Sendable () -> Void)?) { state.withLock { $0.onStop = act } }

  func report(_ name: String) -> BenchReport {
    let (turnCount, began, ended) = state.withLock { ($0.turnCount, $0.began, $0.ended) }
    let seconds = began.map { ((ended ?? .now) - $0) / .seconds(1) } ?? 0
    return tally.withLock {
      BenchReport(name: name, turnCount: turnCount, seconds: seconds, $0)
    }
  }

  // MARK: Counting

  func note(_ operation: String, _ latency: Duration) {
    tally.withLock { $0.note(operation, latency) }
  }

  func note(_ operation: String, failed failure: Failure, count: Int = 1) {
    tally.withLock { $0.note(operation, failed: failure, count: count) }
  }

  /// With advice: the commonest failure may be all that there is to tell.
  func note(_ operation: String, failed error: RPCError, _ session: Session) {
    note(operation, failed: Advice(flags: session.settings.repeatedFlags).failure(error))
  }

  func noteLeft(_ change: (inout BenchTally.Left) -> Void) {
    tally.withLock { change(&$0.left) }
  }

  /// Something to be given back, or asked about, at the end.
  func leaveForLater(_ thing: Loose) {
    let isKept = loose.withLock { loose in
      guard loose.count < Limits.benchLoose else { return false }
      loose.append(thing)
      return true
    }
    if !isKept { noteLeft { $0.unknown += 1 } }
  }

  /// What was left for later, once.
  func takeLoose() -> [Loose] {
    loose.withLock { loose in
      defer { loose = [] }
      return loose
    }
  }

  // MARK: Calls

  /// Options of a call that is made once, within its own time.
  static func options(_ session: Session, within timeout: Duration = Limits.timeout) -> CallOptions
  {
    var options = session.options(within: timeout)
    options.retryPolicy = RetryPolicy(maxAttempts: 1)
    return options
  }

  /// Makes a call and notes how long it took or why it failed.
  func measure<Answer: Sendable>(
    _ operation: String, _ session: Session,
    _ call: (CallOptions) async throws(RPCError) -> Answer
  ) async -> Result<Answer, RPCError> {
    let began = LoopInstant.now
    do throws(RPCError) {
      let answer = try await call(Self.options(session))
      note(operation, .now - began)
      return .success(answer)
    } catch {
      note(operation, failed: error, session)
      // A server that is away is not worth a busy loop.
      if error.code == .unavailable { try? await Task.sleep(for: Limits.benchPause) }
      return .failure(error)
    }
  }

  /// Holds the best seats there are.
  func hold(_ show: Int64, _ session: Session) async -> Usher.V1.Booking? {
    let request = Usher.V1.HoldSeatsRequest(
      showId: show, bestAvailable: Usher.V1.BestAvailable(count: Int32(plan.seats)),
      requestId: Self.newID)
    let outcome = await measure("hold", session) { (options) async throws(RPCError) in
      try await session.bookings.holdSeats(request, options: options)
    }
    switch outcome {
    case .success(let response): return response.booking
    case .failure(let error):
      if error.leavesDoubt { leaveForLater(.request(request.requestId)) }
      return nil
    }
  }

  /// Sells a hold; one that cannot be sold is given back.
  func confirm(_ booking: Usher.V1.Booking, _ session: Session) async {
    let request = Usher.V1.ConfirmBookingRequest(
      bookingId: booking.bookingId, paymentReference: Limits.benchPayment, requestId: Self.newID)
    let outcome = await measure("confirm", session) { (options) async throws(RPCError) in
      try await session.bookings.confirmBooking(request, options: options)
    }
    switch outcome {
    case .success: noteLeft { $0.sold += 1 }
    case .failure: leaveForLater(.booking(booking.bookingId))
    }
  }

  @discardableResult
  func release(_ booking: Usher.V1.Booking, _ session: Session) async -> Usher.V1.Booking? {
    let request = Usher.V1.ReleaseHoldRequest(
      bookingId: booking.bookingId, requestId: Self.newID)
    let outcome = await measure("release", session) { (options) async throws(RPCError) in
      try await session.bookings.releaseHold(request, options: options)
    }
    guard case .success(let response) = outcome else {
      leaveForLater(.booking(booking.bookingId))
      return nil
    }
    return response.booking
  }

  func readMap(_ show: Int64, _ session: Session) async {
    _ = await measure("seat map", session) { (options) async throws(RPCError) in
      try await session.seatMaps.getSeatMap(
        Usher.V1.GetSeatMapRequest(showId: show), options: options)
    }
  }

  func readShow(_ show: Int64, _ session: Session) async {
    _ = await measure("show", session) { (options) async throws(RPCError) in
      try await session.catalog.getShow(Usher.V1.GetShowRequest(showId: show), options: options)
    }
  }

  static var newID: String { UUID().uuidString.lowercased() }
}

extension RPCError {
  /// Whether a change may have happened although its call failed.
  var leavesDoubt: Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .cancelled, .unknown, .internal, .aborted, .dataLoss: true
    default: false
    }
  }
}
