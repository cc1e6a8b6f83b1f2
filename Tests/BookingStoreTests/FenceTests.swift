// What became of request ids, and fences: before, after and beside the request.

import Postgres
import Reactor
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct FenceTests {
  @Test func aFencedRequestNeverRuns() async throws {
    try await House.run { house in
      let lookup = BookingLookup(house.connection)
      let held = try await house.held(["A1"], 1)
      #expect(try await lookup.fate(of: house.identity(2).key) == nil)
      for _ in 1...2 {
        #expect(try await lookup.fence(house.identity(2, body: "fence")) == .fenced)
        #expect(try await lookup.fence(house.identity(3, body: "fence")) == .fenced)
      }
      #expect(try await lookup.fate(of: house.identity(2).key) == .fenced)
      let request = try house.request(["A2"], 2)
      #expect(try await house.hold([request]) == [.refused(.requestFenced)])
      #expect(try await house.hold([request]) == [.refused(.requestFenced)])
      #expect(
        try await house.change(.confirm, held.id, 3, payment: "p") == .refused(.requestFenced))
      // Another partner's id is another id.
      let theirs = try house.request(["A2"], 2, partner: House.otherPartner)
      #expect(try await house.hold([theirs])[0].record != nil)
      #expect(try await house.seats(.held) == ["A1", "A2"])
      #expect(try await house.faults() == [])
    }
  }

  @Test func oneFencedIDHurtsNobodyElseInItsBatch() async throws {
    try await House.run { house in
      let lookup = BookingLookup(house.connection)
      _ = try await lookup.fence(house.identity(2, body: "fence"))
      let requests = try [
        house.request(["A1"], 1), house.request(["A2"], 2), house.request(["A3"], 3),
      ]
      let outcomes = try await house.hold(requests)
      #expect(outcomes.map { $0.seats(in: house) } == [["A1"], nil, ["A3"]])
      #expect(outcomes[1] == .refused(.requestFenced))
      #expect(try await house.seats(.held) == ["A1", "A3"])
    }
  }

  @Test func aFenceThatComesTooLateTellsWhatHappened() async throws {
    try await House.run { house in
      let lookup = BookingLookup(house.connection)
      let held = try await house.held(["A1", "A2"], 1)
      _ = try await house.change(.confirm, held.id, 2, payment: "p")
      let less = try await house.change(.cancel, held.id, 3, seats: ["A2"])
      guard case .ran(let first) = try await lookup.fence(house.identity(1, body: "fence")),
        case .ran(let last) = try await lookup.fate(of: house.identity(3).key)
      else {
        Issue.record("what ran is not told")
        return
      }
      #expect(first.state == .held && house.labels(first.seatsLeft) == ["A1", "A2"])
      #expect(last == less.record && last.refund?.amount.minorUnits == 1_000)
      #expect(try await house.change(.cancel, held.id, 3, seats: ["A2"]) == less)
    }
  }

  /// Fence and request at the same time, on connections of their own: exactly one of them wins, and
  /// both say the same.
  @Test func ofAFenceAndItsRequestOneWins() async throws {
    try await House.run { house in
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      var fencedCount = 0
      for id in UInt64(1)...30 {
        let request = try house.request(["A1"], id)
        let fence = BookingLookup(other)
        async let answer = fence.fence(house.identity(id, body: "fence"))
        let outcome = try await house.hold([request])[0]
        switch (try await answer, outcome) {
        case (.fenced, .refused(.requestFenced)): fencedCount += 1
        case (.ran(let told), .done(let record)):
          #expect(told.id == record.id)
          _ = try await house.change(.release, record.id, 1_000 + id)
        default: Issue.record("\(outcome)")
        }
      }
      #expect(try await house.seats(.held) == [])
      let rows = try await house.connection.query(
        PostgresStatement(sql: "select count(*) from request_log where effect = 'fenced'"))
      #expect(try rows.onlyRow().decode(0, as: Int64.self) == Int64(fencedCount))
      #expect(try await house.faults() == [])
      await other.close()
    }
  }

  /// A request that is written but not committed: the fence waits for its end, whichever it is.
  @Test(arguments: [true, false])
  func aFenceWaitsForARequestUnderWay(isCommitted: Bool) async throws {
    try await House.run { house in
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let held = try await house.held(["A1"], 1)
      try await house.run("begin")
      try await house.run(
        """
        insert into request_log
        select partner_id, '\(UniqueID(high: 0x4000, low: 2))', lane, request_hash, effect,
               booking_id, booking_state, null, version, created_at from request_log
        """)
      async let fate = BookingLookup(other).fence(house.identity(2, body: "fence"))
      try await house.run(
        isCommitted ? "commit" : "rollback")
      let answer = try await fate
      if isCommitted {
        guard case .ran(let record) = answer else {
          Issue.record("\(answer)")
          return
        }
        #expect(record.id == held.id)
      } else {
        #expect(answer == .fenced)
      }
      await other.close()
    }
  }
}
