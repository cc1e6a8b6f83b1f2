// usher.v1.SandboxService: what a partner sets in its sandbox. On a live database everything is refused.

import Booking
package import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct SandboxService: Usher.V1.SandboxServiceServer {
  private let parts: PerLoop<NodeParts>
  private let lanes: Lanes
  private let isSandbox: Bool
  private let logger: Logger
  private let failures: StoreFailures

  /// `isSandbox`: what the database was when the node began, and so for ever.
  package init(_ parts: PerLoop<NodeParts>, _ lanes: Lanes, isSandbox: Bool, logger: Logger) {
    self.parts = parts
    self.lanes = lanes
    self.isSandbox = isSandbox
    self.logger = logger
    failures = StoreFailures(logger: logger)
  }

  package func getSandbox(
    _ request: Usher.V1.GetSandboxRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSandboxResponse {
    let partnerID = try tester(context).partnerID
    let (faults, clock) = try await ask(context) { (store, timeout) async throws(StoreError) in
      let faults = try await store.faults(of: partnerID, timeout: timeout)
      return (faults, try await store.clock(of: partnerID, timeout: timeout))
    }
    return .init(
      faults: faults.map { .init($0) }, ahead: .init(clock.ahead),
      now: .init(unixMicroseconds: clock.now))
  }

  package func advanceClock(
    _ request: Usher.V1.AdvanceClockRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.AdvanceClockResponse {
    let caller = try tester(context)
    var violations = FieldViolations()
    let id = violations.requestID(request.requestId)
    let step = SandboxWishes.step(request.by, &violations)
    try violations.check()
    guard let id, let step else { throw .hidden }
    var hash = RequestHash(command: "advance_clock")
    hash.add(step.components.seconds)
    hash.add(step.components.attoseconds)
    let identity = RequestIdentity(
      partnerID: caller.partnerID, requestID: id, hash: hash.digest)
    let outcome = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.advance(by: step, identity, by: caller.auditActor, timeout: timeout)
    }
    switch outcome {
    case .refused(let refusal): throw .refusal(refusal)
    case .done(let change):
      forget(change.changes)
      // Whoever repeats the call after a failure has what is over ended all the same.
      try await ask(context) { (store, _) async throws(StoreError) in
        try await store.sweep(lanes, on: context.loop, logger: logger)
      }
      return .init(ahead: .init(change.ahead), showCount: Int32(clamping: change.showCount))
    }
  }

  /// Has this node forget what it knows of shows that have moved.
  private func forget(_ changes: [QueueChange]) {
    guard !changes.isEmpty else { return }
    for change in changes { lanes.note(.queue(change)) }
    parts.onEach { parts in
      parts.answers.forgetAll()
      for change in changes {
        parts.shows.forget(id: change.showID)
        parts.waitRoom.note(change)
      }
    }
  }

  package func setFaults(
    _ request: Usher.V1.SetFaultsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SetFaultsResponse {
    let caller = try tester(context)
    let faults = try SandboxWishes.faults(request)
    try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.setFaults(
        faults, of: caller.partnerID, by: caller.auditActor, timeout: timeout)
    }
    return .init()
  }

  /// The caller. Throws FAILED_PRECONDITION on a live database, and PERMISSION_DENIED for a key that is for
  /// some of its partner's theatres: what is set here touches all.
  private func tester(_ context: ServerContext) throws(RPCError) -> KnownCaller {
    guard isSandbox else { throw RPCError.notASandbox }
    let caller = try context.seller()
    guard caller.theatreIDs == nil else { throw KnownCaller.beyondReach }
    return caller
  }

  private func ask<Answer>(
    _ context: ServerContext,
    _ body: (SandboxStore, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let store = parts[context.loop].sandbox
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, timeout)
    }
  }
}

extension RPCError {
  fileprivate static var notASandbox: RPCError {
    .refusal(
      .notASandbox,
      "This platform is live: nothing of it can be moved or broken.")
  }

  /// Why time did not pass.
  fileprivate static func refusal(_ refusal: ClockRefusal) -> RPCError {
    switch refusal {
    case .requestIDReused: return requestIDReused
    case .requestFenced: return requestFenced
    case .live: return notASandbox
    case .tooManyShows:
      return .refusal(
        .tooManyShows,
        "The partner has more than \(StoreLimits.movedShows) shows, which is too many to move.")
    case .tooFar:
      var violations = FieldViolations()
      violations.add("by", "the clock would be more than ten years ahead")
      return violations.refusal ?? .hidden
    }
  }
}
