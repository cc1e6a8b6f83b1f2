// Several requests as one: all of them or none, across shows and lanes, and repeated.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct TogetherTests {
  private func hold(
    _ house: House, _ labels: [String], _ id: UInt64, show: Int64 = 1, lane: Int16 = 5
  ) throws -> SaleRequest {
    .hold(
      HoldRequest(
        identity: house.identity(id, body: "\(labels)"), bookingID: house.newBookingID(lane: lane),
        showID: show, customerRef: "",
        selection: .named(try house.details.layout.resolve(labels: labels).map(\.number))))
  }

  private func records(_ outcome: SaleOutcome) -> [BookingRecord] {
    guard case .together(let outcomes) = outcome else { return [] }
    return outcomes.compactMap(\.record)
  }

  @Test func allAreDoneInOneTransaction() async throws {
    try await House.run { house in
      let version = try await house.snapshot().version
      let parts = try [
        hold(house, ["A1"], 1), hold(house, ["A1"], 2, show: 2, lane: 9), hold(house, ["A2"], 3),
      ]
      let outcome = try await house.serve([.together(parts)])[0]
      #expect(records(outcome).map(\.showID) == [1, 2, 1])
      #expect(try await house.snapshot().version == version + 1)
      let times = try await house.connection.query(
        PostgresStatement(sql: "select count(distinct created_at) from booking"))
      #expect(try times.onlyRow().decode(0, as: Int64.self) == 1)
      let again = try await house.serve([.together(parts)])[0]
      #expect(records(again).map(\.id) == records(outcome).map(\.id))
      #expect(try await house.faults() == [])
    }
  }

  @Test func oneThatCannotBeUndoesAll() async throws {
    try await House.run { house in
      let sale = try await house.sold(["C5"], 50)
      let parts = try [
        hold(house, ["A1"], 1), hold(house, ["A1"], 2, show: 2, lane: 9),
        .change(ChangeRequest(.cancel, house.identity(3), bookingID: sale.id)),
        hold(house, ["A2", "A1"], 4),
      ]
      let alone = try hold(house, ["A2"], 5)
      // The first of them comes alone in the same batch.
      let outcomes = try await house.serve([.together(parts), alone, parts[0]])
      guard case .refusedTogether(item: 3, .seatsUnavailable(let lost, _)) = outcomes[0] else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(lost == [SeatStatus(number: 0, state: .held)])
      #expect(outcomes[1].record != nil && outcomes[2].record != nil)
      #expect(try await house.seats(.held) == ["A1", "A2"])
      #expect(try await house.seats(.sold) == ["C5"])
      let rows = try await house.connection.query(
        PostgresStatement(sql: "select count(*) from request_log"))
      #expect(try rows.onlyRow().decode(0, as: Int64.self) == 4)
      // Nothing of it is remembered: with another last item all of it goes.
      let repaired = try Array(parts.dropLast()) + [hold(house, ["A3"], 6)]
      #expect(records(try await house.serve([.together(repaired)])[0]).count == 4)
      #expect(try await house.seats(.sold) == [])
      #expect(try await house.faults() == [])
    }
  }

  @Test func whatWasDoneBeforeCountsAsDone() async throws {
    try await House.run { house in
      let parts = try [hold(house, ["A1"], 1), hold(house, ["A2"], 2)]
      let first = try await house.serve([parts[0]])[0]
      let both = try await house.serve([.together(parts), .together(parts)])
      #expect(records(both[0]).map(\.id).first == first.record?.id)
      #expect(records(both[0]).map(\.id) == records(both[1]).map(\.id))
      #expect(try await house.seats(.held) == ["A1", "A2"])
      _ = try await BookingLookup(house.connection).fence(house.identity(3, body: "fence"))
      let fenced = try [hold(house, ["A3"], 4), hold(house, ["A4"], 3)]
      #expect(
        try await house.serve([.together(fenced)]) == [
          .refusedTogether(item: 1, .requestFenced)
        ])
      let reused = try [hold(house, ["A3"], 4), hold(house, ["A4"], 1)]
      #expect(
        try await house.serve([.together(reused)]) == [
          .refusedTogether(item: 1, .requestIDReused)
        ])
      #expect(try await house.seats(.held) == ["A1", "A2"])
      #expect(try await house.faults() == [])
    }
  }

  /// Two desks with the same shows and the locks taken in opposite wishes: both end, nothing is sold
  /// twice.
  @Test func opposedBatchesDoNotBlockEachOther() async throws {
    try await House.run { house in
      let connection = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let other = SaleDesk(connection, house.shows, on: house.loop) { _ in }
      for round in UInt64(0)..<5 {
        let (here, there) = ("A\(round * 2 + 1)", "A\(round * 2 + 2)")
        let one = try [
          hold(house, [here], round * 10 + 1),
          hold(house, [here], round * 10 + 2, show: 2, lane: 9),
        ]
        let two = try [
          hold(house, [here, there], round * 10 + 3, show: 2, lane: 9),
          hold(house, [there], round * 10 + 4),
        ]
        async let first = house.serve([.together(one)])[0]
        let second = try await other.serve([.together(two)], timeout: nil)[0]
        let counts = [records(try await first).count, records(second).count]
        #expect(counts == [2, 0] || counts == [0, 2])
      }
      #expect(try await house.faults() == [])
      await connection.close()
    }
  }

  /// What one worker does to a show of another's, that one knows before anybody is answered.
  @Test func anotherWorkerIsToldAtOnce() async throws {
    try await House.run { house in
      let connection = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let lanes = Lanes([
        LaneWorker(house.connection, house.shows, on: house.loop),
        LaneWorker(house.connection, house.shows, on: house.loop),
        LaneWorker(connection, house.shows, on: house.loop),
      ])
      lanes.note(.began)
      var bookings: [BookingID] = []
      for (id, show, lane) in [(UInt64(1), Int64(1), Int16(5)), (2, 2, 9)] {
        let request = try hold(house, ["A1"], id, show: show, lane: lane)
        bookings.append(try #require(try await lanes[lane].serve(request).record).id)
      }
      for (index, id) in bookings.enumerated() {
        let confirm = ChangeRequest(
          .confirm, house.identity(UInt64(10 + index)), bookingID: id, paymentReference: "p")
        #expect(try await lanes[id.lane].serve(.change(confirm)).record != nil)
      }
      let cancel = SaleRequest.together(
        bookings.enumerated().map { index, id in
          .change(ChangeRequest(.cancel, house.identity(UInt64(20 + index)), bookingID: id))
        })
      #expect(records(try await lanes[5].serve(cancel)).count == 2)
      // Free again: a worker that had not been told would refuse from memory.
      let again = try hold(house, ["A1"], 30, show: 2, lane: 9)
      #expect(try await lanes[9].serve(again).record != nil)
      #expect(try await house.faults() == [])
      await connection.close()
    }
  }
}
