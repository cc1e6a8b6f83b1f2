// What is kept for settlement: whom it counts, when, exactly once, and when a period is final.

import Logging
import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

/// A database in which somebody sells again whenever sales are numbered.
private struct BusyDatabase: Database {
  let connection: PostgresConnection

  func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], timeout: Duration?
  ) async throws(PostgresError) -> PostgresResult {
    if statement.name == "number_sales" {
      _ = try await connection.query(
        PostgresStatement(
          sql: """
            insert into sales_outbox (partner_ids, request_ids, created_at)
            select array_agg(1), array_agg(gen_random_uuid()), now() from generate_series(1, 1000)
            """))
    }
    return try await connection.query(statement, parameters, timeout: timeout)
  }

  func inTransaction<Value: Sendable>(
    _ body: (any Database) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    try await connection.inTransaction(body)
  }
}

@Suite(.timeLimit(.minutes(3))) struct SettlementTests {
  private static let all = SalesReach(partnerID: nil)

  /// Days about today, by the theatres' clock.
  private func question(
    _ house: House, from: Int = -1, to: Int = 1
  ) async throws -> SettlementQuestion {
    let days = try await house.connection.query(
      PostgresStatement(
        sql: """
          select (d + (\(from)))::text, (d + (\(to)))::text
            from (select (now() at time zone 'Europe/Brussels')::date as d) n
          """)
    ).onlyRow()
    return SettlementQuestion(
      firstDay: try #require(CalendarDate(try days.decode(0, as: String.self))),
      lastDay: try #require(CalendarDate(try days.decode(1, as: String.self))))
  }

  private func lines(
    _ house: House, _ reach: SalesReach = all
  ) async throws -> [SettlementLine] {
    let store = SalesStore(house.connection)
    _ = try await store.numberAll()
    return try await store.settlement(
      question(house), reach, pageSize: 0, pageToken: ""
    ).0.items
  }

  @Test func whatMovesMoneyCounts() async throws {
    try await House.run { house in
      let sale = try await house.sold(["A1", "B1", "B2"], 1)
      _ = try await house.held(["C5"], 2)
      var line = try #require(try await lines(house).first)
      #expect((line.soldCount, line.gross.minorUnits, line.net.minorUnits) == (3, 3_500, 3_500))
      _ = try await house.change(.cancel, sale.id, 3, seats: ["B1"])
      _ = try await house.serve([house.exchange(sale.id, ["C5"], 4, show: 2, lane: 9)])
      let found = try await lines(house)
      #expect(found.map(\.theatreID) == [1, 2] && found.map(\.theatreName) == ["Sphinx", "Rex"])
      // The seat that was given back, and of the two that were given up what the new one cost less.
      line = found[0]
      #expect((line.soldCount, line.gross.minorUnits) == (3, 3_500))
      #expect((line.returnedCount, line.refunded.minorUnits) == (3, 2_000))
      #expect((line.credited.minorUnits, line.net.minorUnits) == (1_500, 0))
      line = found[1]
      #expect((line.soldCount, line.gross.minorUnits, line.returnedCount) == (1, 1_500, 0))
      #expect((line.credited.minorUnits, line.net.minorUnits) == (0, 1_500))
      // Again and again the same: nothing is counted twice.
      #expect(try await lines(house) == found)
      #expect(try await house.faults() == [])
    }
  }

  @Test func partnersSeeTheirTheatresAndTheirSales() async throws {
    try await House.run { house in
      try await house.run("update theatre set partner_id = 2 where theatre_id = 1")
      let here = try await house.sold(["A1"], 1)
      _ = try await house.serve([house.exchange(here.id, ["A1"], 2, show: 2, lane: 9)])
      func seen(_ partner: Int64?, _ theatres: [Int64]? = nil) async throws -> [Int64] {
        try await lines(house, SalesReach(partnerID: partner, theatreIDs: theatres))
          .map(\.theatreID)
      }
      #expect(try await seen(nil) == [1, 2])
      #expect(try await seen(House.partner) == [1, 2])
      #expect(try await seen(House.partner, [2]) == [2])
      #expect(try await seen(House.otherPartner) == [1])
      #expect(try await seen(House.otherPartner, [2]) == [])
      #expect(try await seen(3) == [])
    }
  }

  @Test func pagesFollowEachOther() async throws {
    try await House.run { house in
      try await house.run(
        """
        insert into settlement_day
        select t, now()::date, p, c, 1, 100, 0, 0, 0
          from generate_series(1, 2) t, generate_series(1, 2) p, unnest('{EUR,USD}'::text[]) c
        """)
      let store = SalesStore(house.connection)
      let question = try await question(house)
      var (found, token) = ([String](), "")
      repeat {
        let page = try await store.settlement(question, Self.all, pageSize: 3, pageToken: token).0
        found += page.items.map { "\($0.theatreID) \($0.sellerID) \($0.gross.currency)" }
        token = page.nextPageToken
      } while !token.isEmpty
      #expect(
        found == [
          "1 1 EUR", "1 1 USD", "1 2 EUR", "1 2 USD", "2 1 EUR", "2 1 USD", "2 2 EUR", "2 2 USD",
        ])
    }
  }

  /// A period is final when no sale of it can come any more: a transaction under way may have looked at the
  /// clock long ago.
  @Test func aPeriodIsFinalWhenNothingOlderIsUnderWay() async throws {
    try await House.run { house in
      let sweeper = SalesSweeper(
        SalesStore(house.connection), on: house.loop, logger: .init(label: "test"))
      func isFinal(_ from: Int, _ to: Int) async throws -> Bool {
        try await SalesStore(house.connection).settlement(
          question(house, from: from, to: to), Self.all, pageSize: 0, pageToken: ""
        ).1.isFinal
      }
      let slow = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await slow.query(PostgresStatement(sql: "begin"))
      _ = try await slow.query(PostgresStatement(sql: "select pg_current_xact_id()"))
      for (seat, request) in [("A1", UInt64(1)), ("A2", 2)] {
        _ = try await house.sold([seat], request)
        _ = try await sweeper.sweep()
        #expect(try await !isFinal(-3, -2))
      }
      _ = try await slow.query(PostgresStatement(sql: "commit"))
      await slow.close()
      // Other databases of the cluster have transactions of their own, which end.
      repeat {
        try await house.run(
          """
          insert into sales_outbox (partner_ids, request_ids, created_at)
          select array[1], array[gen_random_uuid()], now()
          """)
        _ = try await sweeper.sweep()
      } while try await !isFinal(-3, -2)
      #expect(try await !isFinal(-3, 0))
    }
  }

  @Test func salesAreNumberedThoughNobodyFollows() async throws {
    try await House.run { house in
      let sweeper = SalesSweeper(
        SalesStore(house.connection), on: house.loop, logger: .init(label: "test"))
      func waiting() async throws -> Int64 {
        try await house.connection.query(
          PostgresStatement(sql: "select count(*) from sales_outbox")
        ).onlyRow().decode(0)
      }
      _ = try await house.sold(["A1"], 1)
      // Another node numbers just now: that is not waited for.
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      _ = try await other.query(PostgresStatement(sql: "begin"))
      _ = try await other.query(PostgresStatement(sql: "select from sales_stream for update"))
      #expect(try await !sweeper.sweep())
      #expect(try await waiting() == 1)
      _ = try await other.query(PostgresStatement(sql: "rollback"))
      await other.close()
      #expect(try await !sweeper.sweep())
      #expect(try await waiting() == 0)
      #expect(try await lines(house).map(\.soldCount) == [1])
    }
  }

  @Test func aTurnOfNumberingIsBounded() async throws {
    try await House.run { house in
      try await house.run(
        """
        insert into sales_outbox (partner_ids, request_ids, created_at)
        select array_fill(1::bigint, array[400]), (select array_agg(gen_random_uuid()) from generate_series(1, 400)), now()
          from generate_series(1, 6)
        """)
      let store = SalesStore(house.connection)
      #expect(try await store.number() == (3, true))
      #expect(try await store.number() == (6, true))
      #expect(try await store.number() == (6, false))
    }
  }

  @Test func numberingEndsThoughSalesGoOn() async throws {
    try await House.run { house in
      let busy = SalesStore(BusyDatabase(connection: house.connection))
      _ = try await house.sold(["A1"], 1)
      #expect(try await busy.numberAll() == 1)
      #expect(try await lines(house).map(\.soldCount) == [1])
    }
  }
}
