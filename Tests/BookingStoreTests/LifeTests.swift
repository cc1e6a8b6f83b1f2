// The life of a booking: in each state what may become of it, and that everything else is refused with
// the state as the reason and changes nothing.

import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct LifeTests {
  /// What can be asked of a booking.
  private enum Wish: CaseIterable {
    case confirm, release, extend, cancel, attach, exchange

    var change: ChangeRequest.Change? {
      switch self {
      case .confirm: .confirm
      case .release: .release
      case .extend: .extend
      case .cancel: .cancel
      case .attach: .attach
      case .exchange: nil
      }
    }
  }

  /// A booking in a state, and all that may become of it there.
  private struct Stage {
    let state: BookingState
    let id: BookingID
    var allowed: Set<Wish> = []
  }

  private func ask(
    _ wish: Wish, _ id: BookingID, _ request: UInt64, _ house: House
  ) async throws -> SaleOutcome {
    guard let change = wish.change else {
      return try await house.serve([house.exchange(id, ["C10"], request)])[0]
    }
    return try await house.change(change, id, request, payment: change == .confirm ? "p" : "")
  }

  /// A booking for every state, each with seats of its own. Of two holds that ran out one has lost its
  /// seats to another.
  private func stages(_ house: House) async throws -> [Stage] {
    let held = try await house.held(["A1"], 1)
    let released = try await house.held(["A2"], 2)
    _ = try await house.change(.release, released.id, 102)
    let confirmed = try await house.sold(["A3"], 3)
    let cancelled = try await house.sold(["A4"], 4)
    _ = try await house.change(.cancel, cancelled.id, 104)
    let exchanged = try await house.sold(["A5"], 5)
    _ = try await house.serve([house.exchange(exchanged.id, ["A6"], 105)])
    let used = try await house.sold(["A7"], 6)
    let expired = try await house.held(["A8"], 7)
    let lost = try await house.held(["A9"], 8)
    for id in [expired.id, lost.id] { try await house.endHold(id, inSeconds: -6) }
    _ = try await house.held(["A9"], 9)
    // Nothing leads to it yet: tickets are checked in by nobody.
    try await house.run("update booking set state = 7 where booking_id = '\(used.id)'")
    try await house.touch()
    return [
      Stage(state: .held, id: held.id, allowed: [.confirm, .release, .extend, .attach, .exchange]),
      Stage(state: .confirmed, id: confirmed.id, allowed: [.cancel, .exchange]),
      Stage(state: .released, id: released.id), Stage(state: .cancelled, id: cancelled.id),
      Stage(state: .exchanged, id: exchanged.id), Stage(state: .used, id: used.id),
      Stage(state: .expired, id: expired.id, allowed: [.confirm]),
      Stage(state: .expired, id: lost.id),
    ]
  }

  @Test func whatIsNotAllowedIsRefusedWithTheState() async throws {
    try await House.run { house in
      let stages = try await stages(house)
      let before = try await house.snapshot()
      var request: UInt64 = 1_000
      for stage in stages {
        for wish in Wish.allCases where !stage.allowed.contains(wish) {
          request += 1
          let outcome = try await ask(wish, stage.id, request, house)
          guard case .refused(.wrongState(let told)) = outcome else {
            Issue.record("\(wish) of what is \(stage.state): \(outcome)")
            continue
          }
          #expect(told.state == stage.state && told.id == stage.id, "\(wish)")
          #expect(told.expiresInMs == 0 || stage.state == .held)
        }
      }
      #expect(try await house.snapshot() == before)
      #expect(request - 1_000 == UInt64(stages.count * Wish.allCases.count - 8))
    }
  }

  /// On two nodes, in the very moments in which a hold ends: the database's clock decides, and whatever
  /// it says, one of the two has the seat and the other one is told so.
  @Test func atTheEndOfAHoldItsPaymentOrTheNextHoldWins() async throws {
    try await House.run { house in
      let session = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let other = LoopBound(
        SaleDesk(session, house.shows, on: house.loop) { _ in }, loop: house.loop)
      for round in UInt64(0)..<24 {
        let old = try await house.held(["A1"], round * 10 + 1)
        try await house.endHold(old.id, inSeconds: -5 + Double(round % 8) * 0.003)
        async let payment = house.change(.confirm, old.id, round * 10 + 2, payment: "p")
        let next = try await other.value.serve(
          [.hold(house.request(["A1"], round * 10 + 3))], timeout: nil)[0]
        let paid = try await payment
        switch (paid, next) {
        case (.done(let sale), .refused(.seatsUnavailable(let lost, _))):
          #expect(lost.allSatisfy { [.held, .sold].contains($0.state) })
          _ = try await house.change(.cancel, sale.id, round * 10 + 4)
        case (.refused(.wrongState(let gone)), .done(let hold)):
          #expect(gone.state == .expired)
          _ = try await house.change(.release, hold.id, round * 10 + 4)
        default: Issue.record("\(paid), \(next)")
        }
        #expect(try await house.seats(.available).count == 30)
      }
      await session.close()
    }
  }

  @Test(arguments: Wish.allCases)
  private func whatIsAllowedLeadsOn(wish: Wish) async throws {
    try await House.run { house in
      for (number, stage) in try await stages(house).enumerated()
      where stage.allowed.contains(wish) {
        let outcome = try await ask(wish, stage.id, UInt64(2_000 + number), house)
        let record = try #require(outcome.record, "\(wish) of what is \(stage.state)")
        let now = try #require(try await house.booking(stage.id)).state
        switch wish {
        case .confirm:
          #expect(now == .confirmed && record.isTakenAgain == (stage.state == .expired))
        case .release: #expect(now == .released)
        case .extend: #expect(now == .held && record.isExtended)
        case .attach: #expect(now == .held)
        case .cancel: #expect(now == .cancelled)
        case .exchange:
          #expect(now == .exchanged && record.state == stage.state)
          _ = try await house.change(
            stage.state == .held ? .release : .cancel, record.id, UInt64(3_000 + number))
        }
      }
    }
  }
}
