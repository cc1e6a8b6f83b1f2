// Lost seats are told as the map has them at the version told, also when the batch that refused went
// on to change them.

import Postgres
import Reactor
import Synchronization
import Testing

@testable import Booking
@testable import BookingStore

/// A connection on which something happens before the bookings of shows are read for the nth time.
private final class Interrupted: Database {
  private let connection: PostgresConnection
  private let readingsLeft: Atomic<Int>
  private let interruption: @Sendable () async throws -> Void

  init(
    _ connection: PostgresConnection, at reading: Int = 1,
    _ interruption: @escaping @Sendable () async throws -> Void
  ) {
    self.connection = connection
    readingsLeft = Atomic(reading)
    self.interruption = interruption
  }

  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    let isReading = statement.sql == Statements.readBookingsOfShows.sql
    if isReading, readingsLeft.subtract(1, ordering: .relaxed).newValue == 0 {
      do {
        try await interruption()
      } catch {
        throw PostgresError(.closed, "\(error)")
      }
    }
    return try await connection.query(statement, parameters, timeout: timeout)
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await connection.inTransaction(body)
  }
}

@Suite(.timeLimit(.minutes(3))) struct LostSeatsTests {
  private func change(
    _ house: House, _ change: ChangeRequest.Change, _ booking: BookingID, _ id: UInt64
  ) -> SaleRequest {
    let payment = change == .confirm ? "paid" : ""
    return .change(
      ChangeRequest(
        change, house.identity(id), bookingID: booking, paymentReference: payment))
  }

  /// What a refusal says, and the map at the version it names: the present one.
  private func expectTrue(_ refusal: SaleRefusal?, _ house: House) async throws -> [SeatStatus] {
    guard case .seatsUnavailable(let seats, let version) = refusal else {
      Issue.record("\(String(describing: refusal))")
      return []
    }
    let map = try await house.snapshot()
    #expect(version == map.version)
    for seat in seats { #expect(map.seats.contains(seat)) }
    return seats
  }

  @Test func seatsThatTheBatchFreesAgainAreGranted() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let outcomes = try await house.serve([
        change(house, .confirm, held.id, 2), .hold(house.request(["A1"], 3)),
        change(house, .cancel, held.id, 4), .hold(house.request(["A1"], 5)),
      ])
      // In order of arrival: who came when the seat was free has it.
      #expect(outcomes[3].record != nil)
      guard case .refused(let refusal) = outcomes[1] else {
        Issue.record("\(outcomes[1])")
        return
      }
      #expect(
        try await expectTrue(refusal, house) == [SeatStatus(number: 0, state: .held)])
      let again = try await house.serve([
        change(house, .confirm, try #require(outcomes[3].record).id, 6),
        .hold(house.request(["A1"], 7)),
        change(house, .cancel, try #require(outcomes[3].record).id, 8),
      ])
      #expect(again[1].record != nil)
      #expect(try await house.seats(.held) == ["A1"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func onlySeatsThatStayLostAreTold() async throws {
    try await House.run { house in
      let one = try await house.held(["A1"], 1)
      let other = try await house.held(["A2"], 2)
      let outcomes = try await house.serve([
        change(house, .confirm, one.id, 3), .hold(house.request(["A1", "A2"], 4)),
        change(house, .release, other.id, 5),
      ])
      guard case .refused(let refusal) = outcomes[1] else {
        Issue.record("\(outcomes[1])")
        return
      }
      #expect(
        try await expectTrue(refusal, house) == [SeatStatus(number: 0, state: .sold)])
      #expect(try await house.faults() == [])
    }
  }

  @Test func seatsLostToTheCallItselfAreToldAtAVersionThatThereIs() async throws {
    try await House.run { house in
      let version = try await house.snapshot().version
      let parts = try [SaleRequest.hold(house.request(["A1"], 1)), .hold(house.request(["A1"], 2))]
      let outcomes = try await house.serve([.together(parts)])
      let seats = [SeatStatus(number: 0, state: .held)]
      #expect(
        outcomes[0] == .refusedTogether(item: 1, .seatsUnavailable(seats, version: version)))
      #expect(try await house.snapshot().version == version)
    }
  }

  @Test func aShowThatIsSoldWhileItIsReadIsToldAsOfAfter() async throws {
    try await House.run { house in
      let other = Interrupted(house.connection) { _ = try await house.held(["A1"], 1) }
      let desk = SaleDesk(other, house.shows, on: house.loop) { _ in }
      desk.setFeedLive(true)
      let outcomes = try await desk.serve([.hold(house.request(["A1"], 2))], timeout: nil)
      guard case .refused(let refusal) = outcomes[0] else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(try await expectTrue(refusal, house) == [SeatStatus(number: 0, state: .held)])
    }
  }

  @Test func aLedgerFromBeforeTheFeedIsCheckedThoughTheFeedHasBegunSince() async throws {
    try await House.run { house in
      let desk = Mutex<LoopBound<SaleDesk>?>(nil)
      let other = Interrupted(house.connection, at: 2) {
        desk.withLock { $0 }?.value.setFeedLive(true)
      }
      let late = SaleDesk(other, house.shows, on: house.loop) { _ in }
      desk.withLock { $0 = LoopBound(late, loop: house.loop) }
      let first = try await late.serve([.hold(house.request(["A1"], 1))], timeout: nil)
      let held = try #require(first[0].record)
      #expect(try await house.change(.release, held.id, 2).state == .released)
      let outcomes = try await late.serve(
        [.hold(house.request(["A1"], 3)), .hold(house.request(["A1"], 4, show: 3))], timeout: nil)
      #expect(outcomes.map { $0.record?.state } == [.held, .held])
    }
  }

  @Test func whatWasToldBeforeIsToldAgainAsOfThen() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      let first = try house.request(["A1"], 2)
      let refused = SaleOutcome.refused(
        .seatsUnavailable([SeatStatus(number: 0, state: .held)], version: held.version))
      #expect(try await house.hold([first]) == [refused])
      _ = try await house.change(.confirm, held.id, 3, payment: "paid")
      let other = try house.request(["A2"], 4)
      guard case .refused(let refusal) = refused else { return }
      #expect(
        try await house.serve([.together([.hold(other), .hold(first)])])
          == [.refusedTogether(item: 1, refusal)])
      #expect(try await house.seats(.held) == [])
    }
  }

  @Test func holdsEndWhateverBecomesOfTheCall() async throws {
    try await House.run { house in
      let held = try await house.held(["A1"], 1)
      try await house.endHold(held.id, inSeconds: -6)
      let outcomes = try await house.serve([.together([change(house, .cancel, held.id, 2)])])
      guard case .refusedTogether(item: 0, .wrongState(let record)) = outcomes[0] else {
        Issue.record("\(outcomes)")
        return
      }
      let row = try await house.booking(held.id)
      #expect(record.state == .expired && row?.state == .expired && row?.version == record.version)
      #expect(try await house.seats(.held) == [])
      #expect(try await house.faults() == [])
    }
  }
}
