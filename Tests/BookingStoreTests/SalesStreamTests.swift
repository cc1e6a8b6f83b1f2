// The stream of sales in the database: what is told, that positions follow commits, and that nothing is
// lost, told twice or told in another order.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct SalesStreamTests {
  private static let all = SalesReach(partnerID: nil)

  /// The stream behind a position, numbered and read page by page.
  private func stream(
    _ house: House, after start: Int64 = 0, _ reach: SalesReach = all
  ) async throws -> [SalesTransaction] {
    let store = SalesStore(house.connection)
    _ = try await store.numberAll()
    var (position, found) = (start, [SalesTransaction]())
    while let positions = try await {
      let page = try await store.sales(after: position, reach)
      found += page.transactions
      return page.positions
    }() {
      #expect(positions.lowerBound == position + 1)
      position = positions.upperBound
    }
    return found
  }

  @Test func oneRowPerTransactionThatSells() async throws {
    try await House.run { house in
      let holds = try await house.hold([
        house.request(["A1"], 1), house.request(["A2"], 2), house.request(["A3"], 3),
      ]).compactMap(\.record)
      #expect(try await stream(house) == [])
      let confirms = holds.enumerated().map { index, hold in
        SaleRequest.change(
          ChangeRequest(
            .confirm, house.identity(UInt64(10 + index)), bookingID: hold.id,
            paymentReference: "p"))
      }
      _ = try await house.serve(confirms)
      let found = try await stream(house)
      #expect(found.map(\.position) == [1])
      #expect(Set(found[0].events.map(\.bookingID)) == Set(holds.map(\.id)))
      #expect(found[0].events.allSatisfy { $0.kind == .confirmed && $0.version == 3 })
      #expect(try await house.faults() == [])
    }
  }

  @Test func whatIsToldStaysSo() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1", "B1", "B2"], 1)
      let before = try await stream(house)
      _ = try await house.change(.cancel, sale.id, 2, seats: ["B1"])
      _ = try await house.serve([house.exchange(sale.id, ["C5"], 3, show: 2, lane: 9)])
      let after = try await stream(house)
      #expect(Array(after.prefix(1)) == before)
      #expect(
        after.map { $0.events.map(\.kind) }
          == [[.confirmed], [.cancelled], [.exchangedAway, .exchangedFor]])
      let events = after.flatMap(\.events)
      #expect(
        events.map { $0.seats.map(\.label) } == [
          ["B1", "B2", "A1"], ["B1"], ["B2", "A1"], ["C5"],
        ])
      #expect(events.map(\.amount.minorUnits) == [3_500, 1_500, 2_000, 1_500])
      #expect(events.map(\.refund?.minorUnits) == [nil, 1_500, 500, nil])
      #expect(events.map(\.showID) == [1, 1, 1, 2] && events.map(\.theatreID) == [1, 1, 1, 2])
      #expect(events[2].otherBookingID == events[3].bookingID)
      #expect(events[3].otherBookingID == sale.id)
      #expect(events.map(\.hasSeatsLeft) == [true, true, false, true])
      #expect(try await house.faults() == [])
    }
  }

  /// A batch may sell a seat that it has just freed.
  @Test func whatIsGivenUpComesFirst() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1"], 1)
      let other = try await house.sold(["B5"], 2)
      // The other one's new booking is older by its id than what it takes the seat from.
      let cancel = SaleRequest.change(
        ChangeRequest(.cancel, house.identity(3), bookingID: sale.id))
      let outcomes = try await house.serve([cancel, house.exchange(other.id, ["A1"], 4)])
      #expect(outcomes.allSatisfy { $0.record != nil })
      let last = try #require(try await stream(house).last)
      #expect(last.events.map(\.kind) == [.cancelled, .exchangedAway, .exchangedFor])
    }
  }

  /// A transaction that takes its serial early and is committed late comes where it is seen.
  @Test func whatIsCommittedLateComesBehindWhatWasRead() async throws {
    try await House.run { house in
      let early = try await house.held(["A1"], 1)
      let late = try await house.held(["B1"], 2)
      _ = try await house.change(.confirm, early.id, 3, payment: "p")
      // Its serial is the second, and nobody sees it.
      let slow = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await slow.query(PostgresStatement(sql: "begin"))
      _ = try await slow.query(
        PostgresStatement(
          sql: """
            insert into sales_outbox (partner_ids, request_ids, created_at)
            select array_agg(partner_id), array_agg(request_id), now() from request_log
             where effect = 'confirmed'
            """))
      _ = try await house.change(.confirm, late.id, 4, payment: "p")
      let store = SalesStore(house.connection)
      #expect(try await store.numberAll() == 2)
      let read = try await stream(house)
      #expect(read.flatMap(\.events).map(\.bookingID) == [early.id, late.id])
      _ = try await slow.query(PostgresStatement(sql: "commit"))
      await slow.close()
      #expect(try await store.numberAll() == 3)
      #expect(try await stream(house, after: 2).map(\.position) == [3])
      #expect(Array(try await stream(house).prefix(2)) == read)
    }
  }

  /// Several who number at the same time give each position once.
  @Test func manyMayNumberAtOnce() async throws {
    try await House.run { house in
      for seat in 1...10 { _ = try await house.sold(["A\(seat)"], UInt64(seat)) }
      let newest = try await withThrowingTaskGroup(of: Int64.self) { group in
        for _ in 0..<4 {
          group.addTask {
            let connection = try await PostgresConnection.connect(
              house.configuration, on: house.loop)
            let newest = try await SalesStore(connection).numberAll()
            await connection.close()
            return newest
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(newest == [10, 10, 10, 10])
      #expect(try await stream(house).map(\.position) == Array(1...10))
      #expect(try await house.faults() == [])
    }
  }

  @Test func pagesEndBeforeTheyHaveManyEvents() async throws {
    try await House.run { house in
      _ = try await house.sold(["A1"], 1)
      _ = try await SalesStore(house.connection).numberAll()
      try await house.run(
        """
        insert into sales_log
        select 1 + n, (select array_fill(l.partner_ids[1], array[200]) from sales_log l where l.position = 1),
               (select array_fill(l.request_ids[1], array[200]) from sales_log l where l.position = 1), now()
          from generate_series(1, 5) n
        """)
      let page = try await SalesStore(house.connection).sales(after: 0, Self.all)
      #expect(page.positions == 1...4)
      #expect(page.transactions.map(\.events.count) == [1, 200, 200, 200])
    }
  }

  @Test func partnersSeeTheirTheatresAndTheirSales() async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = 2 where theatre_id = 1")
      let here = try await house.sold(["A1"], 1)
      let moved = try await house.serve([house.exchange(here.id, ["A1"], 2, show: 2, lane: 9)])
      let there = try #require(moved[0].record)
      let both = [here.id, here.id, there.id]
      func seen(_ partner: Int64?, _ theatres: [Int64]? = nil) async throws -> [BookingID] {
        try await stream(house, SalesReach(partnerID: partner, theatreIDs: theatres))
          .flatMap(\.events).map(\.bookingID)
      }
      #expect(try await seen(nil) == both)
      #expect(try await seen(House.partner) == both)
      #expect(try await seen(House.partner, [2]) == [there.id])
      #expect(try await seen(House.otherPartner) == [here.id, here.id])
      #expect(try await seen(House.otherPartner, [2]) == [])
      #expect(try await seen(3) == [])
    }
  }

  /// What others sold is passed over without being looked up, and counts for the position all the same.
  @Test func whatIsNotSeenIsLeftOut() async throws {
    try await House.run { house in
      for seat in 1...5 { _ = try await house.sold(["A\(seat)"], UInt64(seat)) }
      _ = try await SalesStore(house.connection).numberAll()
      try await house.run("delete from booking")
      let page = try await SalesStore(house.connection).sales(
        after: 0, SalesReach(partnerID: House.otherPartner))
      #expect(page.positions == 1...5 && page.transactions == [])
    }
  }

  /// Every kind of fault with how it is planted: one booking was sold and is told at position 1.
  static let plants = [
    ("sale_not_told", "delete from sales_log"),
    ("sale_not_told", "update sales_log set request_ids = array[gen_random_uuid()]"),
    ("sale_told_wrongly", "update sales_log set request_ids = array[gen_random_uuid()]"),
    (
      "sale_told_wrongly",
      "insert into sales_outbox (partner_ids, request_ids, created_at) select partner_ids, request_ids, now() from sales_log"
    ),
    ("position_gap", "update sales_log set position = 3"),
    ("position_gap", "update sales_stream set last_position = 2"),
    (
      "sale_out_of_order",
      "update sales_log set position = 3 - position where position in (1, 2)"
    ),
    ("settlement_differs", "update settlement_day set gross = gross + 1"),
    ("settlement_differs", "update settlement_day set day = day - 1"),
    ("settlement_differs", "delete from settlement_day"),
    ("sales_sum_differs", "update sold_show set amount = amount + 1"),
    ("sales_sum_differs", "update sold_show set show_id = 2"),
    ("sales_sum_differs", "delete from sold_show"),
  ]

  @Test(.serialized, arguments: plants)
  func aPlantedFaultIsFound(check: String, planted: String) async throws {
    try await House.run { house in
      _ = try await house.sold(["A1"], 1)
      if check == "sale_out_of_order" { _ = try await house.sold(["A2"], 2) }
      _ = try await SalesStore(house.connection).numberAll()
      #expect(try await house.faults() == [])
      try await house.run("alter table sales_log drop constraint sales_log_pkey")
      try await house.run(planted)
      #expect(try await house.faults().contains(check))
    }
  }

  @Test func theDigestCountsWhatIsSold() async throws {
    try await House.run { house in
      let store = SalesStore(house.connection)
      let sale = try await house.sold(["A1", "B1"], 1)
      _ = try await house.held(["C1"], 2)
      _ = try await house.change(.cancel, sale.id, 3, seats: ["A1"])
      let digest = try #require(try await store.digest(ofShow: 1, Self.all))
      #expect(digest.version == 5 && digest.counts == [28, 1, 1, 0])
      #expect(digest.soldHash == SHA256.digest(Array("10\tSOLD\t\(sale.id)\n".utf8)))
      #expect(digest.shares.map(\.seatCount) == [1])
      #expect(digest.shares[0].tier == "GOLD" && digest.shares[0].amount.minorUnits == 1_500)
      #expect(try await store.digest(ofShow: 1, SalesReach(partnerID: 2)) == nil)
      #expect(try await store.digest(ofShow: 99, Self.all) == nil)
      let empty = try #require(try await store.digest(ofShow: 2, Self.all))
      #expect(empty.soldHash == SHA256.digest([]) && empty.shares == [])
    }
  }
}
