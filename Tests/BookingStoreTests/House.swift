// A small house for tests: one auditorium, one show tomorrow evening, two partners, in a database
// of the test's own.
//
// Rows A (SILVER), B and C (GOLD) with ten seats each, five on either side of an aisle at column 5.
// C1 is a wheelchair place, C2 its companion's. The best view is at the aisle of row C.

import Postgres
import Reactor
import Support
import Synchronization

@testable import Booking
@testable import BookingStore

struct House: Sendable {
  let connection: PostgresConnection
  let loop: EventLoop
  let configuration: PostgresConfiguration
  let details: ShowDetails
  let shows: ShowDirectory
  let desk: LoopBound<SaleDesk>
  private static let nextRandom = Atomic<UInt64>(1)

  static let partner: Int64 = 1
  static let otherPartner: Int64 = 2

  /// Runs a test with a house of its own.
  static func run(_ body: @escaping @Sendable (House) async throws -> Void) async throws {
    try await TestCluster.shared.withDatabase(template: "house", prepare: build) { string in
      let loop = TestLoops.next()
      let configuration = PostgresConfiguration(string)
      try await loop.run { () async throws in
        let connection = try await PostgresConnection.connect(configuration, on: loop)
        let result: Result<Void, any Error>
        do {
          guard let details = try await CatalogStore(connection).show(id: 1) else {
            throw StoreError(.fault)
          }
          let shows = ShowDirectory(CatalogStore(connection), on: loop)
          let desk = SaleDesk(connection, shows, on: loop) { _ in }
          let house = House(
            connection: connection, loop: loop, configuration: configuration, details: details,
            shows: shows, desk: LoopBound(desk, loop: loop))
          result = .success(try await body(house))
        } catch {
          result = .failure(error)
        }
        await connection.close()
        try result.get()
      }
    }
  }

  private static func build(_ string: String) async throws {
    let loop = TestLoops.next()
    _ = try await Migrations.migrator().up(PostgresConfiguration(string), on: loop)
    let connection = try await PostgresConnection.connect(PostgresConfiguration(string), on: loop)
    try await connection.executeScript(rows)
    await connection.close()
  }

  private static let rows = """
    insert into partner (name) values ('Ours'), ('Theirs');
    insert into city (name, country_code) values ('Ghent', 'BE'), ('Antwerp', 'BE'), ('Nowhere', 'BE');
    insert into theatre (lane, city_id, name, time_zone, latitude, longitude)
    values (5, 1, 'Sphinx', 'Europe/Brussels', 51.05, 3.72),
           (9, 2, 'Rex', 'Europe/Brussels', 51.22, 4.40);
    insert into auditorium (theatre_id, name) values (1, 'Screen 1'), (2, 'Screen 1');
    insert into layout values (1, 1, 11, 3, 500, 200), (2, 1, 11, 3, 500, 200);
    insert into layout_seat
    select a, 1, y * 10 + n, chr(65 + y) || n + 1, chr(65 + y), n + (n > 4)::int, y,
           case y when 0 then 'SILVER' else 'GOLD' end,
           case when y = 2 and n = 0 then 2 when y = 2 and n = 1 then 4 else 0 end
      from generate_series(1, 2) a, generate_series(0, 2) y, generate_series(0, 9) n;
    insert into movie (title, duration_minutes, genres, languages, release_date)
    values ('Zebra', 90, '{Drama}', '{nl,fr}', '2026-01-02'), ('Aardvark', 100, '{}', '{en}', null);
    select create_show(a, 1::smallint, m, '', 'nl', '2D', d + time '20:00', d + time '22:00', 'EUR',
                       '{GOLD,SILVER}', '{1500,1000}')
      from (values (1, 1, 1), (2, 2, 2), (1, 2, 3)) v(a, m, days),
           lateral (select date_trunc('day', now()) + days * interval '1 day') x(d);
    """

  // MARK: Asking

  func identity(
    _ request: UInt64, partner: Int64 = House.partner, body: String = ""
  ) -> RequestIdentity {
    var hash = RequestHash(command: "test")
    hash.add(body)
    return RequestIdentity(
      partnerID: partner, requestID: UniqueID(high: 0x4000, low: request), hash: hash.digest)
  }

  func newBookingID(lane: Int16? = nil) -> BookingID {
    let random = Self.nextRandom.add(1, ordering: .relaxed).newValue
    return BookingID(
      lane: lane ?? details.show.lane, unixMilliseconds: 1_900_000_000_000, random: (0, random))
  }

  func request(
    _ labels: [String], _ id: UInt64, customer: String = "", partner: Int64 = House.partner,
    show: Int64 = 1
  ) throws -> HoldRequest {
    HoldRequest(
      identity: identity(id, partner: partner, body: labels.joined(separator: ",")),
      bookingID: newBookingID(), showID: show, customerRef: customer,
      selection: .named(try details.layout.resolve(labels: labels).map(\.number)))
  }

  func best(
    _ count: Int, tier: String = "", split: Bool = false, _ id: UInt64
  ) -> HoldRequest {
    HoldRequest(
      identity: identity(id), bookingID: newBookingID(), showID: 1, customerRef: "",
      selection: .best(BestWish(count: count, tier: tier, allowSplit: split)))
  }

  func serve(_ requests: [SaleRequest]) async throws -> [SaleOutcome] {
    try await desk.value.serve(requests, timeout: nil)
  }

  func hold(_ requests: [HoldRequest]) async throws -> [SaleOutcome] {
    try await serve(requests.map { .hold($0) })
  }

  /// Holds seats that are known to be free.
  func held(
    _ labels: [String], _ id: UInt64, customer: String = ""
  ) async throws -> BookingRecord {
    guard case .done(let record) = try await hold([request(labels, id, customer: customer)])[0]
    else { throw StoreError(.fault) }
    return record
  }

  func change(
    _ change: ChangeRequest.Change, _ booking: BookingID, _ id: UInt64,
    partner: Int64 = House.partner, payment: String = "", seats: [String] = []
  ) async throws -> SaleOutcome {
    let request = ChangeRequest(
      change, identity(id, partner: partner, body: "\(change)\(booking)\(payment)\(seats)"),
      bookingID: booking, paymentReference: payment, seats: seats)
    return try await serve([.change(request)])[0]
  }

  func exchange(
    _ booking: BookingID, _ labels: [String], _ id: UInt64, show: Int64 = 1, lane: Int16? = nil,
    partner: Int64 = House.partner
  ) throws -> SaleRequest {
    let wanted = HoldRequest(
      identity: identity(id, partner: partner, body: "exchange \(booking) \(labels)"),
      bookingID: newBookingID(lane: lane), showID: show, customerRef: "",
      selection: .named(try details.layout.resolve(labels: labels).map(\.number)))
    return .exchange(ExchangeRequest(bookingID: booking, wanted: wanted))
  }

  /// A sale of seats that are known to be free.
  func sold(_ labels: [String], _ id: UInt64, customer: String = "") async throws -> BookingRecord {
    let hold = try await held(labels, id, customer: customer)
    guard
      let record = try await change(.confirm, hold.id, id + 500, payment: "paid \(id)").record
    else { throw StoreError(.fault) }
    return record
  }

  /// Reads a booking of ours as it is now.
  func booking(_ id: BookingID) async throws -> BookingRecord? {
    try await BookingLookup(connection).booking(id: id, partnerID: House.partner)
  }

  // MARK: Looking

  func labels(_ numbers: [Int32]) -> [String] {
    numbers.map { details.layout.seat(number: $0)?.label ?? "?" }
  }

  /// Labels of all seats in a state.
  func seats(_ state: SeatState) async throws -> [String] {
    let snapshot = try await snapshot()
    return labels(snapshot.seats.filter { $0.state == state }.map(\.number))
  }

  func snapshot() async throws -> SeatSnapshot {
    try await snapshot(of: details.show.id)
  }

  /// The map of a show, by the layout that it says it has.
  func snapshot(of showID: Int64) async throws -> SeatSnapshot {
    guard let taken = try await SeatMapStore(connection).taken(showID: showID) else {
      throw StoreError(.fault)
    }
    let directory = ShowDirectory(CatalogStore(connection), on: loop)
    return taken.snapshot(of: try await directory.layout(taken.layout))
  }

  func faults() async throws -> [String] {
    try await SaleVerifier(connection).faults().map(\.check)
  }

  /// Moves the end of a hold, as if time had passed: `seconds` from now, negative for the past.
  func endHold(_ booking: BookingID, inSeconds seconds: Double) async throws {
    try await run(
      """
      with moved as (
        update booking set hold_until = clock_timestamp() + make_interval(secs => \(seconds))
         where booking_id = '\(booking)' and state = 1 returning *)
      update show_seat h set hold_until = m.hold_until from moved m
       where h.booking_id = m.booking_id
      """)
    try await touch()
  }

  /// What was changed by hand is a new version of the show, as for everyone who changes seats, and
  /// leaves its mark in the log.
  func touch() async throws {
    try await run(
      """
      with raised as (
        update show set version = version + 1 where show_id = 1 returning lane, version
      ), marked as (
        update booking b set version = r.version, changed_at = clock_timestamp() from raised r
         where b.booking_id = (select max(booking_id::text)::uuid from booking where show_id = 1)
        returning b.*
      )
      insert into request_log (
        partner_id, request_id, lane, request_hash, effect, booking_id, booking_state,
        cancelled_seat_nos, version, created_at, add_ons)
      select partner_id, gen_random_uuid(), lane, sha256(''), 'touched', booking_id, 1,
             cancelled_seat_nos, version, changed_at,
             (select string_agg(l.line, chr(10) order by l.place)
                from string_to_table(quote, chr(10)) with ordinality as l(line, place)
               where split_part(l.line, chr(9), 3) like '+%') from marked
      """)
  }

  /// Waits until another session waits for the transaction of this connection; the test's time limit ends it
  /// otherwise.
  static func untilAwaited(_ connection: PostgresConnection) async throws {
    let isAwaited: PostgresStatement = """
      select exists (select from pg_locks where not granted and locktype = 'transactionid'
                       and transactionid = pg_current_xact_id()::xid)
      """
    while try await !connection.query(isAwaited).onlyRow().decode(0, as: Bool.self) {
      await Task.yield()
    }
  }

  func run(_ sql: String) async throws {
    _ = try await connection.query(PostgresStatement(sql: sql))
  }
}

extension SaleOutcome {
  /// The labels of the booking that was made or changed, or nil.
  func seats(in house: House) -> [String]? { record.map { house.labels($0.seatNumbers) } }

  /// The booking that was made or changed.
  var record: BookingRecord? {
    if case .done(let record) = self { record } else { nil }
  }

  /// The seats that were lost, when that was the reason.
  var lost: [SeatStatus]? {
    if case .refused(.seatsUnavailable(let seats, _)) = self { seats } else { nil }
  }

  /// The state of the booking, when the answer has one.
  var state: BookingState? {
    switch self {
    case .done(let record), .refused(.wrongState(let record)): record.state
    default: nil
    }
  }
}
