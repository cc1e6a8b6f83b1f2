// The waiting list in the database: exact across desks that stand for nodes, across restarts, and
// ended by the database's clock.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct WaitlistTests {
  /// Holds all thirty seats, ten each, and returns the holds.
  private func sellOut(_ house: House) async throws -> [BookingRecord] {
    var holds: [BookingRecord] = []
    for (index, row) in ["A", "B", "C"].enumerated() {
      holds.append(try await house.held((1...10).map { "\(row)\($0)" }, UInt64(900 + index)))
    }
    return holds
  }

  /// Another node: a desk with a connection of its own and nothing in memory.
  private func withDesk(
    _ house: House, _ body: (SaleDesk) async throws -> Void
  ) async throws {
    let connection = try await PostgresConnection.connect(house.configuration, on: house.loop)
    let result: Result<Void, any Error>
    do {
      let desk = SaleDesk(connection, house.shows, on: house.loop) { _ in }
      result = .success(try await body(desk))
    } catch {
      result = .failure(error)
    }
    await connection.close()
    try result.get()
  }

  @Test func freedSeatsGoToTheFirstInLine() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      #expect(try await house.serve([house.join(1, 4), house.join(2, 8)]) == [.inLine, .inLine])
      #expect(
        try await house.standings([1, 2])
          == [.waiting(position: 1, seatsAhead: 0), .waiting(position: 2, seatsAhead: 4)])
      let outcomes = try await house.serve([
        house.releasing(holds[1].id, 3), .hold(house.request(["B1"], 4)),
      ])
      #expect(outcomes[1] == .refused(.reservedForWaiting))
      let offered = try #require(try await house.offer(1))
      #expect(house.labels(offered.seatNumbers).allSatisfy { $0.hasPrefix("B") })
      #expect(offered.seatNumbers.count == 4 && offered.state == .held)
      #expect(try await house.standings([2]) == [.waiting(position: 1, seatsAhead: 0)])
      #expect(try await house.seats(.available).count == 6)
      // The offer is a hold like any other.
      #expect(try await house.change(.confirm, offered.id, 5, payment: "p").state == .confirmed)
      #expect(try await house.faults() == [])
    }
  }

  /// The offer's end stays, the line keeps its number of seats, and a repeated request says the same.
  @Test func anOfferIsExchangedForSeatsThatAreTheLines() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      _ = try await house.serve([house.join(1, 2), house.join(2, 9)])
      _ = try await house.change(.release, holds[1].id, 3)
      let offered = try #require(try await house.offer(1))
      let free = try await house.seats(.available)
      #expect(free.count == 8)
      let others = Array(free.prefix(2))
      let stranger = try house.exchange(holds[0].id, others, 4)
      #expect(try await house.serve([stranger]) == [.refused(.reservedForWaiting)])
      let version = try await house.snapshot().version
      let request = try house.exchange(offered.id, others, 5)
      let new = try #require(try await house.serve([request])[0].record)
      #expect(new.state == .held && house.labels(new.seatNumbers).sorted() == others.sorted())
      let stored = try #require(try await house.booking(new.id))
      #expect(stored.holdUntil == offered.holdUntil && stored.supersedes == offered.id)
      #expect(try await house.booking(offered.id)?.state == .exchanged)
      #expect(try await house.snapshot().version == version + 1)
      #expect(try await house.serve([request])[0].record?.id == new.id)
      // On another node, which knows that it still is an offer.
      try await withDesk(house) { desk in
        let again = try house.exchange(new.id, Array(free.suffix(2)), 6)
        let third = try #require(try await desk.serve([again], timeout: nil)[0].record)
        #expect(third.holdUntil == offered.holdUntil)
        #expect(try await house.change(.extend, third.id, 7).record?.isExtended == true)
        #expect(try await desk.serve([again], timeout: nil)[0].record?.isExtended == false)
        #expect(try await house.standings([2]) == [.waiting(position: 1, seatsAhead: 0)])
        _ = try await house.change(.release, third.id, 8)
      }
      #expect(try await house.offer(2)?.seatNumbers.count == 9)
      #expect(try await house.faults() == [])
    }
  }

  @Test func theLineOutlivesItsNode() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      _ = try await house.serve([house.join(1, 10), house.join(2, 1)])
      try await withDesk(house) { desk in
        // The same request is the same place, for whichever node.
        #expect(try await desk.serve([house.join(1, 10)], timeout: nil) == [.inLine])
        _ = try await desk.serve([house.releasing(holds[2].id, 3)], timeout: nil)
        #expect(try await house.offer(1)?.seatNumbers.count == 10)
        #expect(try await desk.serve([house.join(1, 10)], timeout: nil) == [.inLine])
        #expect(
          try await desk.serve([house.join(1, 9)], timeout: nil) == [.refused(.requestIDReused)])
      }
      #expect(try await house.standings([2]) == [.waiting(position: 1, seatsAhead: 0)])
      #expect(try await house.faults() == [])
    }
  }

  @Test func whoWasLetInByAnotherNodeHasAPlace() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      for (index, hold) in holds.enumerated() {
        _ = try await house.change(.confirm, hold.id, UInt64(2 + index), payment: "p")
      }
      #expect(try await house.serve([house.join(1, 10)]) == [.refused(.waitIsHopeless)])
      _ = try await house.change(.cancel, holds[0].id, 5)
      try await withDesk(house) { desk in
        let outcomes = try await desk.serve([house.join(1, 10)], timeout: nil)
        #expect(outcomes == [.inLine])
      }
      #expect(try await house.serve([house.join(1, 10)]) == [.inLine])
    }
  }

  @Test func aNodeThatDoesNotKnowTheLineRespectsIt() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      try await withDesk(house) { desk in
        _ = try await desk.serve([house.join(1, 10), house.join(2, 10)], timeout: nil)
        // This desk has the show in memory, without the line.
        let outcomes = try await house.serve([
          house.releasing(holds[0].id, 3), .hold(house.request(["A1"], 4)),
        ])
        #expect(outcomes[1].lost != nil || outcomes[1] == .refused(.reservedForWaiting))
        // And that desk has the line as it was before.
        _ = try await desk.serve([house.releasing(holds[1].id, 5)], timeout: nil)
      }
      #expect(try await house.offer(1).map { house.labels($0.seatNumbers).contains("A1") } == true)
      #expect(try await house.offer(2).map { house.labels($0.seatNumbers).contains("B1") } == true)
      #expect(try await house.faults() == [])
    }
  }

  @Test func twoNodesGiveOnePlaceForOneRequest() async throws {
    try await House.run { house in
      _ = try await sellOut(house)
      let second = try await PostgresConnection.connect(house.configuration, on: house.loop)
      let workers = [house.connection, second].map { connection in
        LaneWorker(connection, house.shows, on: house.loop)
      }
      let outcomes = try await withThrowingTaskGroup(of: SaleOutcome.self) { group in
        for party in 1...20 as ClosedRange<UInt64> {
          for worker in workers {
            let join = house.join(party, 2)
            group.addTask { try await worker.serve(join) }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await second.close()
      #expect(outcomes == Array(repeating: .inLine, count: 40))
      let positions = try await house.standings(Array(1...20)).map { standing -> Int in
        if case .waiting(let position, _) = standing { position } else { 0 }
      }
      #expect(positions.sorted() == Array(1...20))
      #expect(try await house.faults() == [])
    }
  }

  // MARK: Ends

  private func sweeper(_ house: House) -> HoldSweeper {
    let lanes = Lanes([LaneWorker(house.connection, house.shows, on: house.loop)])
    return HoldSweeper(house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
  }

  /// Where nobody waits no lane is asked, and so none can be in the way.
  @Test func whatHasReturnedIsTheLinesWhereThereIsOne() async throws {
    try await House.run { house in
      try await house.run(
        """
        insert into seat_allocation (lane, show_id, partner_id, seat_nos, returns_at)
        select s.lane, s.show_id, 2, '{0,1}', now() + interval '1 hour' from show s;
        """)
      for row in ["B", "C"] {
        _ = try await house.held((1...10).map { "\(row)\($0)" }, row == "B" ? 900 : 901)
      }
      _ = try await house.held((3...10).map { "A\($0)" }, 902)
      _ = try await house.serve([house.join(1, 2)])
      #expect(try await house.offer(1) == nil)
      try await house.run(
        """
        with returned as (
          update seat_allocation set returns_at = now() - interval '1 s' returning show_id)
        update show set pricing_version = pricing_version + 1
         where show_id in (select show_id from returned)
        """)
      let gone = try await PostgresConnection.connect(house.configuration, on: house.loop)
      await gone.close()
      let deaf = LaneWorker(gone, house.shows, on: house.loop)
      // The last has lane 5 with show 1, the first lane 9 with show 2.
      let lanes = Lanes([deaf, deaf, LaneWorker(house.connection, house.shows, on: house.loop)])
      let sweeper = HoldSweeper(
        house.connection, lanes, on: house.loop, logger: Logger(label: "test"))
      #expect(try await sweeper.sweep() == 3)
      #expect(try await house.offer(1)?.seatNumbers.sorted() == [0, 1])
      #expect(try await sweeper.sweep() == 0)
      #expect(try await house.faults() == [])
    }
  }

  @Test func anOfferThatRunsOutIsTheNextPartys() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      _ = try await house.serve([house.join(1, 10), house.join(2, 10)])
      _ = try await house.change(.release, holds[0].id, 3)
      let offered = try #require(try await house.offer(1))
      try await house.endHold(offered.id, inSeconds: -6)
      #expect(try await sweeper(house).sweep() == 1)
      #expect(try await house.offer(2)?.seatNumbers.sorted() == offered.seatNumbers.sorted())
      #expect(try await house.faults() == [])
    }
  }

  @Test(arguments: [
    (
      "update waitlist_entry set created_at = created_at - interval '61 min' where arrival = 1",
      WaitState.timedOut
    ),
    // The cluster of the tests may be younger than the grace, which a restart renews.
    (
      """
      create or replace function wait_grace() returns interval language sql
      as $$ select interval '0' $$;
      update waitlist_entry set seen_at = 'infinity' where arrival > 1
      """, .lost
    ),
  ])
  func waitingEndsByTheDatabasesClock(sql: String, state: WaitState) async throws {
    try await House.run { house in
      _ = try await sellOut(house)
      _ = try await house.serve([house.join(1, 10), house.join(2, 1)])
      #expect(try await sweeper(house).sweep() == 0)
      try await house.connection.executeScript(sql)
      #expect(try await sweeper(house).sweep() == 1)
      #expect(try await sweeper(house).sweep() == 0)
      #expect(
        try await house.standings([1, 2])
          == [.ended(state), .waiting(position: 1, seatsAhead: 0)])
      #expect(try await house.faults() == [])
    }
  }

  @Test func timeInWhichTheDatabaseWasDownDoesNotCount() async throws {
    try await House.run { house in
      _ = try await sellOut(house)
      _ = try await house.serve([house.join(1, 1)])
      // Seen long before the database was started.
      try await house.connection.executeScript(
        """
        create or replace function wait_grace() returns interval language sql
        as $$ select interval '10 days' $$;
        update waitlist_entry set seen_at = seen_at - interval '20 days'
        """)
      #expect(try await sweeper(house).sweep() == 0)
      try await WaitlistStore(house.connection).touch([house.key(1)])
      let age: Bool = try await house.connection.query(
        "select seen_at > now() - interval '1 h' from waitlist_entry"
      ).onlyRow().decode(0)
      #expect(age)
    }
  }

  @Test func aShowThatIsClosedHasNoLine() async throws {
    try await House.run { house in
      _ = try await sellOut(house)
      _ = try await house.serve([house.join(1, 1)])
      try await house.run("update show set sales_state = 3 where show_id = 1")
      house.shows.forget(id: 1)
      #expect(try await sweeper(house).sweep() == 1)
      #expect(try await house.standings([1]) == [.ended(.closed)])
    }
  }

  /// By the database's clock, and exactly by the line's versions.
  @Test func theLogTellsWhoWasServedWhen() async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      _ = try await house.serve([house.join(1, 10), house.join(2, 10), house.join(3, 10)])
      for (index, hold) in holds.enumerated() {
        _ = try await house.change(.release, hold.id, UInt64(4 + index))
      }
      let log = try await house.connection.query(
        PostgresStatement(
          sql: """
            select w.arrival, w.ended_version - first_value(w.ended_version) over o,
                   w.created_at < b.created_at and b.created_at <= w.ended_at
                   and w.ended_at < clock_timestamp()
                   and w.ended_at > coalesce(lag(w.ended_at) over o, '-infinity')
              from waitlist_entry w join booking b on b.booking_id = w.booking_id
             where w.state = 2 window o as (order by w.ended_version)
            """))
      let rows = try log.all { row throws(PostgresError) in
        [
          try row.decode(0, as: Int64.self), try row.decode(1, as: Int64.self),
          try row.decode(2, as: Bool.self) ? 1 : 0,
        ]
      }
      #expect(rows == [[1, 0, 1], [2, 1, 1], [3, 2, 1]])
      #expect(try await house.faults() == [])
    }
  }

  @Test func leavingTwiceIsLeaving() async throws {
    try await House.run { house in
      _ = try await sellOut(house)
      _ = try await house.serve([house.join(1, 1)])
      let leave = SaleRequest.endWaits(lane: 5, showID: 1, [WaitEnd(house.key(1), .left)])
      #expect(try await house.serve([leave]) == [.swept])
      #expect(try await house.serve([leave]) == [.swept])
      #expect(try await house.standings([1]) == [.ended(.left)])
      #expect(try await house.serve([house.join(1, 1)]) == [.inLine])
      #expect(try await house.standings([1]) == [.ended(.left)])
    }
  }

  // MARK: Checks

  /// Every kind of fault with how it is planted: the first of two parties was served.
  static let plants = [
    ("party_overtaken", "update waitlist_entry set arrival = 9 - arrival where arrival < 3"),
    ("arrival_gap", "update waitlist_entry set arrival = 7 where arrival = 2"),
    ("served_without_booking", "update waitlist_entry set booking_id = gen_random_uuid()"),
    ("served_without_booking", "update waitlist_entry set seat_count = 9 where state = 2"),
    ("offer_without_party", "update booking set request_id = booking_id"),
    ("queue_ahead_of_show", "update show set queue_version = 0"),
  ]

  @Test(arguments: plants)
  func aPlantedFaultIsFound(check: String, planted: String) async throws {
    try await House.run { house in
      let holds = try await sellOut(house)
      _ = try await house.serve([house.join(1, 10), house.join(2, 10)])
      _ = try await house.change(.release, holds[0].id, 3)
      #expect(try await house.faults() == [])
      try await house.run(planted)
      #expect(try await house.faults().contains(check))
    }
  }

  @Test func theMessageOfAChangeIsReadAsItWasWritten() {
    let change = QueueChange(lane: 63, showID: 1 << 40 | 5, version: 258)
    #expect(change.message.count == 18)
    #expect(QueueChange(message: change.message) == change)
    #expect(QueueChange(message: Array(change.message.dropLast())) == nil)
    #expect(QueueChange(message: change.message + [0]) == nil)
  }
}

extension House {
  fileprivate func key(_ party: UInt64) -> RequestKey { identity(10_000 + party).key }

  fileprivate func join(_ party: UInt64, _ count: Int) -> SaleRequest {
    .join(
      WaitRequest(
        identity: identity(10_000 + party, body: "\(count)"), bookingID: newBookingID(),
        showID: 1, count: count))
  }

  fileprivate func releasing(_ booking: BookingID, _ id: UInt64) -> SaleRequest {
    .change(
      ChangeRequest(.release, identity(id, body: "release \(booking)"), bookingID: booking))
  }

  fileprivate func standings(_ parties: [UInt64]) async throws -> [WaitStanding?] {
    let found = try await WaitlistStore(connection).standings(
      of: parties.map(key), lane: 5, showID: 1)
    return parties.map { found[key($0)] }
  }

  fileprivate func offerID(_ party: UInt64) async throws -> BookingID? {
    guard case .served(let id) = try await standings([party])[0] else { return nil }
    return id
  }

  /// The booking that a party was offered, as it is now.
  fileprivate func offer(_ party: UInt64) async throws -> BookingRecord? {
    guard let id = try await offerID(party) else { return nil }
    return try await BookingLookup(connection).booking(id: id, partnerID: House.partner)
  }
}
