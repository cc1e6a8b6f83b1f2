// The checker finds planted faults, the constraints refuse what they must, versions have no gaps.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct VerifyTests {
  /// Every kind of fault with how it is planted: bookings 'one' (held) and 'two' (confirmed) have two
  /// seats each.
  static let plants = [
    (
      "seat_sold_twice",
      """
      insert into booking
      select lane, gen_random_uuid(), show_id, partner_id, '', gen_random_uuid(), 2, seat_nos,
             total, currency, quote, hold_until, false, 'p', version, created_at, changed_at
        from booking
      """
    ),
    (
      "booking_without_seat",
      "update show_seat set state = 1, booking_id = null, hold_until = null where seat_no = 0"
    ),
    (
      "hold_end_differs",
      "update show_seat set hold_until = hold_until + interval '1 us' where seat_no = 1"
    ),
    (
      "seat_without_booking",
      """
      update show_seat set state = 3, booking_id = gen_random_uuid()
       where show_id = 1 and seat_no = 5
      """
    ),
    (
      "unsold_seat_with_owner",
      """
      update show_seat set state = 4, booking_id = gen_random_uuid()
       where show_id = 1 and seat_no = 5
      """
    ),
    (
      "seat_without_show",
      "insert into show_seat (lane, show_id, seat_no) select 0, 99, 0"
    ),
    ("booking_without_show", "update booking set show_id = 99 where state = 1"),
    ("exchange_not_mutual", "update booking set state = 6"),
    ("exchange_not_mutual", "update booking set supersedes = booking_id"),
    ("cancelled_seat_unknown", "update booking set cancelled_seat_nos = '{29}'"),
    ("refund_seats", "update booking set cancelled_seat_nos = '{0}'"),
    (
      "refund_exceeds_total",
      """
      insert into refund
      select partner_id, request_id, lane, booking_id, '{0}', total + 1, currency, created_at
        from booking
      """
    ),
    (
      "refund_exceeds_total",
      """
      insert into refund
      select partner_id, request_id, lane, booking_id, '{0}', 0, 'USD', created_at from booking
      """
    ),
    (
      "refund_without_booking",
      """
      insert into refund
      select partner_id, gen_random_uuid(), lane, booking_id, '{0}', 0, currency, created_at
        from booking
      """
    ),
    ("seat_count", "delete from show_seat where show_id = 1 and seat_no = 9"),
    ("seat_count", "delete from show_seat where show_id = 3"),
    (
      "seat_count",
      """
      with gone as (delete from show_seat where show_id = 3)
      update show set has_seats = false, seat_count = 31 where show_id = 3
      """
    ),
    ("seats_before_use", "update show set has_seats = false where show_id = 3"),
    (
      "seats_before_use",
      """
      with gone as (delete from show_seat where show_id = 3 and seat_no > 0)
      update show set has_seats = false where show_id = 3
      """
    ),
    (
      "version_without_seats",
      """
      with gone as (delete from show_seat where show_id = 3)
      update show set has_seats = false, version = 2 where show_id = 3
      """
    ),
    ("version_ahead_of_show", "update show set version = version - 1 where show_id = 1"),
    (
      "version_given_twice",
      "update booking set version = (select min(version) from booking) where state = 2"
    ),
    ("version_gap", "update show set version = version + 1 where show_id = 1"),
    ("quote_not_total", "update booking set total = total + 1"),
    ("quote_unreadable", "update booking set quote = 'x' || quote where state = 1"),
    ("quote_unreadable", "update booking set quote = '' where state = 1"),
    ("quote_not_seats", "update booking set quote = replace(quote, '1\t', '0\t')"),
    ("quote_not_seats", "update booking set quote = quote || E'\\n7\\t0\\t+7x1\\tPopcorn'"),
    ("quote_unreadable", "update booking set quote = quote || E'\\n0\\t-1\\t+7x1\\tPopcorn'"),
    ("add_ons_without_request", "update booking set quote = quote || E'\\n0\\t0\\t+7x1\\tPopcorn'"),
    ("request_without_booking", "delete from booking where state = 1"),
    ("request_of_other_partner", "update request_log set partner_id = 2 where effect = 'held'"),
    ("request_ahead_of_booking", "update booking set version = 1 where state = 2"),
    ("effect_contradicts_state", "update request_log set booking_state = 4"),
    (
      "effect_logged_twice",
      """
      insert into request_log
      select partner_id, gen_random_uuid(), lane, request_hash, effect, booking_id, booking_state,
             cancelled_seat_nos, version, created_at from request_log where effect = 'confirmed'
      """
    ),
    ("booking_without_request", "update booking set request_id = gen_random_uuid()"),
    ("state_without_request", "delete from request_log where effect = 'confirmed'"),
  ]

  /// One after the other: each has a database of its own.
  @Test(.serialized, arguments: plants)
  func aPlantedFaultIsFound(check: String, planted: String) async throws {
    try await House.run { house in
      _ = try await house.held(["A1", "A2"], 1)
      let sold = try await house.held(["B1", "B2"], 2)
      _ = try await house.change(.confirm, sold.id, 3, payment: "p")
      #expect(try await house.faults() == [])
      // What constraints refuse as well is looked for all the same.
      try await house.run("alter table show_seat drop constraint seat_owner")
      try await house.run(planted)
      #expect(try await house.faults().contains(check))
    }
  }

  /// What the functions can say is what their texts have in quotes with an underscore.
  @Test func everyCheckHasItsPlantedFault() async throws {
    try await House.run { house in
      let result = try await house.connection.query(
        PostgresStatement(
          sql: """
            select distinct m.names[1]
              from pg_proc p, regexp_matches(p.prosrc, $$'([a-z]+_[a-z_]+)'$$, 'g') as m(names)
             where p.proname in ('verify_sales', 'verify_waits', 'verify_sales_stream')
            """))
      let checks = try result.all { row throws(PostgresError) in try row.decode(0, as: String.self)
      }
      #expect(checks.count > 20)
      #expect(
        Set(checks) == Set((Self.plants + WaitlistTests.plants + SalesStreamTests.plants).map(\.0)))
    }
  }

  @Test func anAuditoriumNeverRunsTwoShowsAtOnce() async throws {
    try await House.run { house in
      let overlapping = """
        select create_show(1, 1::smallint, 1, '', 'nl', '2D', upper(during) - interval '1 min',
                           upper(during) + interval '1 h', 'EUR', '{GOLD,SILVER}', '{1,1}')
          from show where show_id = 1
        """
      await #expect { try await house.run(overlapping) } throws: {
        let error = $0 as? PostgresError
        return error?.kind == .exclusionViolation && error?.constraint == "show_overlap"
      }
      // One may begin when the other ends, and a cancelled one is in nobody's way.
      try await house.run(
        overlapping.replacing("upper(during) - interval '1 min'", with: "upper(during)"))
      try await house.run("update show set sales_state = 4 where show_id = 1")
      try await house.run(
        """
        select create_show(1, 1::smallint, 1, '', 'nl', '2D', lower(during), upper(during),
                           'EUR', '{GOLD,SILVER}', '{1,1}') from show where show_id = 1
        """)
    }
  }

  @Test(arguments: [
    "update theatre set time_zone = 'Mars/Olympus'", "update theatre set lane = 64",
    "update theatre set hold_minutes = 16", "update theatre set hold_minutes = 0",
    "update theatre set seats_per_customer = 11", "update theatre set orphan_rule = 3",
    "update show_seat set state = 3 where show_id = 1 and seat_no = 1",
    "update booking set seat_nos = '{}'", "update request_log set booking_id = null",
    "update request_log set effect = 'fenced'",
  ])
  func constraintsHold(sql: String) async throws {
    try await House.run { house in
      _ = try await house.held(["A1"], 1)
      await #expect(throws: PostgresError.self) { try await house.run(sql) }
    }
  }

  @Test func versionsHaveNoGapsOverManyChanges() async throws {
    try await House.run { house in
      var expected = try await house.snapshot().version
      var generator = SplitMix(state: 7)
      var live: [BookingID] = []
      for id in 1...120 {
        let changed: Bool
        if let booking = live.randomElement(using: &generator), Bool.random(using: &generator) {
          let change = ChangeRequest.Change.allCases.randomElement(using: &generator) ?? .confirm
          changed = try await house.change(change, booking, UInt64(id)).record != nil
          if changed, [.release, .cancel].contains(change) { live.removeAll { $0 == booking } }
        } else {
          let labels = house.details.layout.seats.shuffled(using: &generator).prefix(2).map(\.label)
          let record = try await house.hold([house.request(labels, UInt64(id))])[0].record
          changed = record != nil
          if let record { live.append(record.id) }
        }
        expected += changed ? 1 : 0
        #expect(try await house.snapshot().version == expected)
      }
      #expect(try await house.faults() == [])
    }
  }
}

/// A seeded generator, so that a failure repeats.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
