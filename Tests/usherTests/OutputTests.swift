// Amounts, times, tables, JSON and failures as they are printed; exit codes.

import Foundation
import RPC
import Testing
import UsherProtos

@testable import usher

private let plain = Style(colour: false, unicode: false)

@Suite struct OutputTests {
  @Test(arguments: [
    (1_400, "EUR", "14.00 EUR"), (-280, "EUR", "-2.80 EUR"), (5, "USD", "0.05 USD"),
    (-5, "USD", "-0.05 USD"), (0, "EUR", "0.00 EUR"), (1_200, "JPY", "1200 JPY"),
    (1_234, "KWD", "1.234 KWD"), (7, "KWD", "0.007 KWD"),
    (Int64.min, "EUR", "-92233720368547758.08 EUR"), (1, "XYZ", "0.01 XYZ"),
  ])
  func money(_ minorUnits: Int64, _ currency: String, _ text: String) {
    #expect(Usher.V1.Money(currencyCode: currency, minorUnits: minorUnits).text == text)
  }

  @Test(arguments: [
    (299_000, "4:59"), (3_723_000, "1:02:03"), (10_000, "0:10"), (9_999, "9.9 s"), (250, "0.2 s"),
    (0, "0.0 s"), (-5, "0.0 s"),
  ])
  func spans(_ milliseconds: Int, _ text: String) {
    #expect(Clock.span(.milliseconds(milliseconds)) == text)
  }

  @Test(arguments: [
    ("2027-03-28", "Sun 28 Mar 2027"), ("2028-02-29", "Tue 29 Feb 2028"),
    ("2000-01-01", "Sat 1 Jan 2000"),
  ])
  func days(_ date: String, _ text: String) { #expect(Clock.day(date) == text) }

  @Test(arguments: [
    "2027-02-29", "2027-13-01", "2027-3-28", "27-03-28", "", "2027-03-28x", "a-b-c",
  ])
  func noDays(_ date: String) { #expect(Clock.day(date) == nil) }

  @Test func strangeStartsStayAsTheyAre() {
    #expect(Clock.localTime("2027-03-28T19:30") == "Sun 28 Mar 2027 19:30")
    #expect(Clock.localTime("soon") == "soon")
    #expect(Clock.offset(minutes: -210) == "UTC-03:30")
  }

  @Test func asciiLocalesGetASCII() {
    #expect(plain.clean("Café “São” – Straße 映画\u{1b}[2J\n") == "Cafe \"Sao\" - Strasse ?? [2J ")
    let unicode = Style(colour: false, unicode: true)
    #expect(unicode.clean("Café\u{202e}\u{7}") == "Café  ")
  }

  @Test func tablesAlignAndShrink() {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "NAME", mayShrink: true),
        .init(title: "N", toRight: true),
      ], Style(colour: false, unicode: true))
    table.add(["1", "東京", "5"])
    table.add(["200", "A much longer name", "17"])
    #expect(
      table.lines(width: nil) == [
        " ID  NAME                 N", "  1  東京                 5",
        "200  A much longer name  17",
      ])
    #expect(
      table.lines(width: 20) == [
        " ID  NAME          N", "  1  東京          5", "200  A much lon…  17",
      ])
  }

  @Test func indentedJSONIsTheSameJSON() throws {
    let compact = #"{"a":[1,{"b":"x,{}[]:\"\\"}],"c":{},"d":[],"e":[[]]}"#
    let text = String(decoding: JSONText.indented(Array(compact.utf8)), as: UTF8.self)
    #expect(
      text == """
        {
          "a": [
            1,
            {
              "b": "x,{}[]:\\"\\\\"
            }
          ],
          "c": {},
          "d": [],
          "e": [
            []
          ]
        }
        """)
  }

  @Test(
    arguments: [
      (StatusCode.failedPrecondition, "SEATS_UNAVAILABLE", Int32(3)),
      (.failedPrecondition, "NO_ADJACENT_SEATS", 3), (.failedPrecondition, "HOLD_EXPIRED", 1),
      (.failedPrecondition, "SEATS_ALLOCATED", 3), (.failedPrecondition, "STRANDS_SEATS", 3),
      (.aborted, "LAYOUT_CHANGED", 1),
      (.failedPrecondition, nil, 1), (.unauthenticated, nil, 4), (.permissionDenied, nil, 4),
      (.notFound, "SHOW_NOT_FOUND", 5), (.invalidArgument, "INVALID_FIELDS", 64),
      (.unavailable, nil, 75), (.resourceExhausted, nil, 75), (.aborted, nil, 75),
      (.deadlineExceeded, nil, 124), (.cancelled, nil, 1), (.unknown, nil, 1), (.internal, nil, 1),
      (.unimplemented, nil, 1), (.dataLoss, nil, 1), (.outOfRange, nil, 1),
      (.alreadyExists, nil, 1),
      // A reason counts with its own code only.
      (.unavailable, "SEATS_UNAVAILABLE", 75),
    ] as [(StatusCode, String?, Int32)])
  func exitCodes(_ code: StatusCode, _ reason: String?, _ exit: Int32) {
    #expect(Exit(code, reason: reason).rawValue == exit)
  }

  @Test func figuresThatMakeNoSenseAreNoTrap() throws {
    for average in [Double.nan, 1e300, -1e300, .infinity] {
      let details = Usher.V1.MovieDetails(
        movie: .init(movieId: 7), rating: .init(average: average, count: 1))
      #expect(!MovieText.lines(details, flags: "", plain).contains { $0.hasPrefix("Rating") })
    }
    var method = Usher.Admin.V1.Method(name: "m", startedCount: .min, durationUs: -1_005)
    method.outcomes = [.init(code: "OK", count: 1)]
    #expect(
      Column.table(AdminTables.methods, of: [method], plain).lines(width: nil)[1].contains(
        " -1.005 "))
    method.outcomes = [.init(code: "OK", count: .max), .init(code: "OK", count: 1)]
    method.durationUs = .min
    #expect(
      Column.table(AdminTables.methods, of: [method], plain).lines(width: nil)[1].contains(" - "))
  }

  private static let lost = RPCError.refusal(
    .failedPrecondition, "SEATS_UNAVAILABLE", "Some seats were lost.",
    metadata: ["seats": "F12,F13"])

  @Test func lostSeatsInWords() {
    let failure = Advice(showId: 7, flags: " --insecure").failure(Self.lost)
    #expect(
      failure.text(plain) == """
        usher: Some seats were lost.
          reason: SEATS_UNAVAILABLE
          lost seats: F12, F13
          hint: Choose others on the map, or let the server choose with --best.
          next: usher seats 7 --insecure
        """)
  }

  @Test func seatsThatWereNotLostAreNotCalledSo() {
    let refused = RPCError.refusal(
      .failedPrecondition, "SEATS_NOT_IN_BOOKING", "No.", metadata: ["seats": "Z99"])
    #expect(Failure(refused).text(plain).hasSuffix("\n  seat: Z99"))
  }

  private static let booking = Usher.V1.Booking(
    bookingId: "B", showId: 7, state: .held, seats: ["F12"], expiresInMs: 299_000,
    createdAt: .init(seconds: 1_800_000_000, nanos: 123_000_000), cancelledSeats: ["F13"],
    supersedes: "A")

  @Test func whatABookingIsStandsBesideItsName() {
    let lines = BookingText.details(Self.booking, Asker(flags: " -x"), plain)
    #expect(
      lines.prefix(7) == [
        "Booking     B", "Show        7", "State       held, for 4:59", "Seats       F12",
        "Cancelled   F13", "Made        2027-01-15 08:00Z", "Instead of  A",
      ])
    #expect(lines.contains("  usher confirm B --payment REFERENCE -x"))
  }

  @Test func customersAreNotToldToConfirm() {
    let lines = BookingText.held(Self.booking, Asker(flags: " -x", isCustomer: true), plain)
    #expect(!lines.contains { $0.contains("confirm") })
    #expect(lines.contains("  usher extend B -x") && lines.contains("  usher release B -x"))
  }

  @Test func lostSeatsAsJSON() throws {
    let text = Advice(showId: 7).failure(Self.lost).json()
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]]
    let error = try #require(object?["error"])
    #expect(error["exitCode"] as? Int == 3)
    #expect(error["code"] as? String == "FAILED_PRECONDITION")
    #expect(error["reason"] as? String == "SEATS_UNAVAILABLE")
    #expect(error["seats"] as? [String] == ["F12", "F13"])
    #expect(error["next"] as? String == "usher seats 7")
    let status = try #require(error["status"] as? [String: Any])
    let details = try #require(status["details"] as? [[String: Any]])
    #expect(details[0]["@type"] as? String == "type.googleapis.com/google.rpc.ErrorInfo")
  }

  @Test func fieldViolationsAreNamed() {
    let error = RPCError.refusal(
      .invalidArgument, "INVALID_FIELDS", "Wrong.", violations: [("seats[0]", "is unknown")])
    #expect(
      Failure(error).text(plain) == """
        usher: Wrong.
          reason: INVALID_FIELDS
          seats[0]: is unknown
        """)
  }

  @Test func anUncertainChangeSaysHowToFindOut() {
    let advice = Advice(requestId: "id-1", repetition: "usher hold 7 --request-id id-1")
    let failure = advice.failure(.deadlineExceeded)
    #expect(failure.exit == .deadline)
    #expect(failure.requestId == "id-1")
    #expect(failure.next == "usher hold 7 --request-id id-1")
    #expect(Advice().failure(.deadlineExceeded).requestId == nil)
  }

  @Test func detailsThatAreNoneSayNothing() {
    let failure = Failure(RPCError(.internal, "", details: [0xff, 0xff, 0xff]))
    #expect(failure.message == "INTERNAL")
    #expect(failure.reason == nil)
    #expect(!failure.json().contains("status"))
  }

  @Test(arguments: [
    ("F12", "F12"), ("", "''"), ("it's", #"'it'\''s'"#), ("a b", "'a b'"), ("$(x)", "'$(x)'"),
  ])
  func shellWords(_ text: String, _ quoted: String) { #expect(Shell.quote(text) == quoted) }
}
