// Batches from files: rows, their request ids, what is told of them, and the way through the binary.

import Foundation
import ProtoWire
import RPC
import Synchronization
import Testing
import UsherProtos

@testable import usher

@Suite struct BatchTests {
  private static let id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"

  private func holds(_ seats: [[String]], under id: String = Self.id) -> BatchRows<
    Usher.V1.HoldSeatsRequest
  > {
    var rows = BatchRows<Usher.V1.HoldSeatsRequest>(under: id)
    for (index, seats) in seats.enumerated() {
      rows.add(.init(line: index + 2, row: .success(.init(showId: 7, seats: seats))))
    }
    return rows
  }

  private func ids(_ seats: [[String]], under id: String = Self.id) -> [String] {
    holds(seats, under: id).rows.map(\.item.requestId)
  }

  // MARK: Columns

  @Test func rowsOfHolds() throws {
    let columns = try HoldColumns("show_id,seats,best,tier,split,customer,request_id")
    #expect(
      try columns.row("7,A1; A2,,,,club,")
        == .init(
          showId: 7, seats: ["A1", "A2"], customerRef: "club"))
    #expect(
      try columns.row("7,,4,GOLD,true,,\(Self.id)")
        == .init(
          showId: 7, bestAvailable: .init(count: 4, tier: "GOLD", allowSplit: true),
          requestId: Self.id))
    for (line, fault) in [
      ("x,A1,,,,,", "show_id: 'x' is no number"), ("7,,,GOLD,,,", "tier and split go with best"),
      ("7,,2,,maybe,,", "split: 'maybe' is not true or false"), ("7,A1", "2 values in 7 columns"),
      ("7,A1;,,,,,", "seats: 'A1;' has an empty word"),
    ] {
      #expect(throws: RowFault(fault)) { try columns.row(line) }
    }
    #expect(throws: RowFault("no column is called 'show'")) { try HoldColumns("show,seats") }
  }

  @Test func rowsOfCancellations() throws {
    let columns = try CancelColumns("seats,booking_id")
    #expect(try columns.row("A1;A2,B") == .init(bookingId: "B", seats: ["A1", "A2"]))
    #expect(try columns.row("A1 ; A2 ,B") == .init(bookingId: "B", seats: ["A1", "A2"]))
    #expect(try columns.row(",B") == .init(bookingId: "B"))
    // No seats would be all of them.
    for seats in [";", " ", ";;", "A1;;A2"] {
      #expect(throws: RowFault("seats: '\(seats)' has an empty word")) {
        try columns.row("\(seats),B")
      }
    }
    #expect(throws: RowFault("a column is there twice")) { try CancelColumns("seats,seats") }
  }

  // MARK: Request ids

  @Test func theSameFileUnderTheSameIdIsTheSameRequests() {
    let first = ids([["A1"], ["A2"], ["A3"]])
    #expect(Set(first).count == 3 && first.allSatisfy { UUID(uuidString: $0) != nil })
    #expect(first.allSatisfy { $0.split(separator: "-")[2].first == "8" })
    #expect(ids([["A1"], ["A2"], ["A3"]], under: Self.id.uppercased()) == first)
    // Moved and mended lines leave the others as they were.
    #expect(ids([["A3"], ["A1"], ["B2"]]).prefix(2) == [first[2], first[0]])
    #expect(!first.contains(ids([["B2"]])[0]))
    #expect(Set(ids([["A1"]], under: UUID().uuidString)).isDisjoint(with: first))
  }

  @Test func rowsThatWantTheSameAreNotOne() {
    let twice = ids([["A1"], ["A1"]])
    #expect(twice[0] != twice[1] && ids([["A1"]]) == [twice[0]])
  }

  @Test func anIdOfItsOwnIsKeptAndComesOnce() {
    var rows = BatchRows<Usher.V1.CancelBookingRequest>(under: Self.id)
    for (line, id) in [(2, Self.id), (3, "x"), (4, Self.id.uppercased())] {
      rows.add(.init(line: line, row: .success(.init(bookingId: "B", requestId: id))))
    }
    rows.add(.init(line: 5, row: .failure(RowFault("no"))))
    #expect(rows.rows.map(\.item.requestId) == [Self.id])
    #expect(rows.faults.map(\.line) == [3, 4, 5])
    #expect(
      rows.faults.map(\.fault.message) == [
        "request_id: 'x' is no UUID", "request_id: line 2 has the same", "no",
      ])
  }

  // MARK: Words

  @Test func whatBecameOfARow() {
    let booking = Usher.V1.Booking(
      bookingId: "B", showId: 7, state: .held, seats: ["A1", "A2"],
      quote: .init(total: .init(currencyCode: "EUR", minorUnits: 1_800)), expiresInMs: 299_000)
    #expect(
      Usher.V1.HoldResult(outcome: .booking(booking)).words
        == "held A1, A2 for 4:59, 18.00 EUR, booking B, show 7")
    var cancelled = booking
    cancelled.state = .cancelled
    let answer = Usher.V1.CancelBookingResponse(
      booking: cancelled,
      refund: .init(seats: ["A1"], amount: .init(currencyCode: "EUR", minorUnits: 900)))
    #expect(
      Usher.V1.CancelResult(outcome: .cancelled(answer)).words
        == "refund 9.00 EUR for A1; cancelled A1, A2, 18.00 EUR, booking B, show 7")
    let lost = RPCError.refusal(
      .failedPrecondition, "SEATS_UNAVAILABLE", "Lost.", metadata: ["seats": "A1,A2"])
    let status = try? Google.Rpc.Status(protoBytes: lost.details)
    #expect(RefusalText.words(status ?? .init()) == "Lost. (SEATS_UNAVAILABLE)")
  }

  // MARK: Runs

  /// Runs rows against a server that answers as it is told.
  private func run(
    _ count: Int, isAtomic: Bool = false, faults: Int = 0, label: String = "A",
    timeout: Duration? = nil,
    _ call: @escaping Call<Usher.V1.BatchHoldSeatsRequest, Usher.V1.BatchHoldSeatsResponse>
  ) async throws {
    let sources = SettingSources(flags: [.server: "127.0.0.1:1", .insecure: "true"])
    let session = try Session(ConnectionSettings(sources), Presentation(), timeout: timeout)
    var rows = holds((0..<count).map { ["\(label)\($0)"] })
    for line in 0..<faults { rows.add(.init(line: line + 900, row: .failure(RowFault("no")))) }
    var text = BatchText(Output(Presentation()), "held")
    let run = BatchRun(
      session: session, rows: rows, isAtomic: isAtomic, requestId: Self.id,
      repetition: "usher again", call: call)
    do {
      try await run.run(&text)
      await session.close()
    } catch {
      await session.close()
      throw error
    }
  }

  private static func answer(
    _ request: Usher.V1.BatchHoldSeatsRequest
  ) -> Usher.V1.BatchHoldSeatsResponse {
    .init(results: request.holds.map { .init(outcome: .booking(.init(seats: $0.seats))) })
  }

  @Test func manyRowsAreSomeRequests() async throws {
    let sizes = Sizes()
    try await run(120) { (request, _) async throws(RPCError) in
      sizes.note(request.holds.count)
      return Self.answer(request)
    }
    #expect(sizes.all == [50, 50, 20])
  }

  @Test func aRequestIsNoLongerThanTheServerTakes() async throws {
    let sizes = Sizes()
    try await run(12, label: String(repeating: "x", count: 15_000)) {
      (request, _) async throws(RPCError) in
      #expect(request.protoBytes().count <= 64 << 10)
      sizes.note(request.holds.count)
      return Self.answer(request)
    }
    #expect(sizes.all == [4, 4, 4])
  }

  @Test func whoWaitedInVainAsksForFewerAndForMoreAgainLater() async throws {
    let sizes = Sizes()
    try await run(160) { (request, _) async throws(RPCError) in
      sizes.note(request.holds.count)
      // Refused: the first, and the second and third together.
      guard ![1, 3, 4].contains(sizes.all.count) else { throw Self.tooMany() }
      return Self.answer(request)
    }
    #expect(sizes.all == [50, 50, 50, 50, 25, 50, 35])
  }

  @Test func whatIsNotKnownIsNotToldAsRefused() async throws {
    for (codes, exit, message) in [
      ([14, 9], Exit.temporary, "what became of 1 of 3 rows is not known"),
      ([9, 9], .other, "2 of 3 rows were refused"),
    ] {
      let failure = await #expect(throws: Failure.self) {
        try await run(3) { (request, _) async throws(RPCError) in
          var answer = Self.answer(request)
          for (index, code) in codes.enumerated() {
            answer.results[index] = .init(outcome: .error(.init(code: Int32(code), message: "x")))
          }
          return answer
        }
      }
      #expect(failure?.exit == exit && failure?.message == message)
      #expect(failure?.next == "usher again" && failure?.requestId == Self.id)
    }
  }

  @Test func whatWasTurnedAwayIsToBeRepeatedAndNotMended() async throws {
    let busy = RPCError.refusal(
      .resourceExhausted, "OVERLOADED", "Busy.", retryAfter: .milliseconds(250))
    let status = try Google.Rpc.Status(protoBytes: busy.details)
    let cases: [(Int32?, String)] = [
      (nil, "2 of 4 rows were turned away for now"),
      (14, "what became of 1 of 4 rows is not known; 2 of 4 rows were turned away for now"),
    ]
    for (code, message) in cases {
      let failure = await #expect(throws: Failure.self) {
        try await run(4) { (request, _) async throws(RPCError) in
          var answer = Self.answer(request)
          for index in [1, 2] { answer.results[index] = .init(outcome: .error(status)) }
          if let code { answer.results[3] = .init(outcome: .error(.init(code: code))) }
          return answer
        }
      }
      #expect(failure?.exit == .temporary && failure?.message == message)
      #expect(failure?.retryAfter == .milliseconds(250))
      #expect(failure?.hint?.hasPrefix("Repeat the command under its request id: ") == true)
      #expect(failure?.next == "usher again" && failure?.requestId == Self.id)
    }
  }

  /// A hold that was repeated after its end.
  @Test func whatIsOverIsNotToldAsDone() async throws {
    let states: [Usher.V1.BookingState] = [
      .expired, .released, .cancelled, .exchanged, .held, .confirmed,
    ]
    let failure = await #expect(throws: Failure.self) {
      try await run(states.count) { (request, _) async throws(RPCError) in
        .init(
          results: zip(request.holds, states).map {
            .init(outcome: .booking(.init(state: $1, seats: $0.seats)))
          })
      }
    }
    #expect(failure?.message == "4 of 6 rows were refused or are over")
  }

  private static func tooMany(_ pause: Duration = .milliseconds(1)) -> RPCError {
    .refusal(.resourceExhausted, "RATE_LIMITED", "Too often.", retryAfter: pause)
  }

  private static let noKey = RPCError.refusal(.unauthenticated, "CREDENTIALS_INVALID", "No.")

  /// Under another id rows that leave the choice would be held twice.
  @Test(arguments: [
    (tooMany(.seconds(3_600)), Exit.temporary), (noKey, .auth), (.deadlineExceeded, .deadline),
    (.init(.invalidArgument, "?"), .usage),
  ])
  func whoStopsInTheMiddleKeepsItsRequestId(_ error: RPCError, _ exit: Exit) async throws {
    let sizes = Sizes()
    let failure = await #expect(throws: Failure.self) {
      try await run(60, timeout: .seconds(600)) { (request, _) async throws(RPCError) in
        sizes.note(request.holds.count)
        guard sizes.all.count == 1 else { throw error }
        return Self.answer(request)
      }
    }
    #expect(sizes.all == [50, 10])
    #expect(failure?.requestId == Self.id && failure?.next == "usher again")
    #expect(failure?.exit == exit && failure?.code == error.code.name)
    #expect(error.code == .invalidArgument || failure?.hint != nil)
  }

  @Test func whoStopsBeforeAnythingWasDoneHasNothingToRepeat() async throws {
    let failure = await #expect(throws: Failure.self) {
      try await run(60) { (_, _) async throws(RPCError) in throw Self.noKey }
    }
    #expect(failure?.requestId == nil && failure?.next == nil)
  }

  @Test func whatIsRefusedTogetherNamesItsLine() async throws {
    let failure = await #expect(throws: Failure.self) {
      try await run(3, isAtomic: true) { (_, _) async throws(RPCError) in
        throw .refusal(
          .failedPrecondition, "SEATS_UNAVAILABLE", "Some seats were lost.",
          metadata: ["item": "2", "seats": "A2"])
      }
    }
    #expect(failure?.exit == .seatsLost && failure?.message == "line 4: Some seats were lost.")
    #expect(failure?.next == "usher seats 7 --server 127.0.0.1:1 --insecure")
  }

  @Test(arguments: [(51, 0, "at most 50 rows"), (3, 1, "1 line is no row")])
  func allOrNoneIsKnownBeforeAnythingIsSent(
    _ count: Int, _ faults: Int, _ message: String
  ) async throws {
    let failure = await #expect(throws: Failure.self) {
      try await run(count, isAtomic: true, faults: faults) { (request, _) async throws(RPCError) in
        Issue.record("it was sent")
        return Self.answer(request)
      }
    }
    #expect(failure?.exit == .usage && failure?.message.contains(message) == true)
  }

  @Test func refusedRowsAreToldAtTheEnd() async throws {
    let failure = await #expect(throws: Failure.self) {
      try await run(3, faults: 1) { (request, _) async throws(RPCError) in Self.answer(request) }
    }
    #expect(failure?.exit == .other && failure?.message == "1 of 4 rows were refused")
    #expect(failure?.requestId == Self.id && failure?.next == "usher again")
  }

  @Test func anAnswerThatIsTooShortIsNoAnswer() async throws {
    let failure = await #expect(throws: Failure.self) {
      try await run(2) { (_, _) async throws(RPCError) in .init() }
    }
    #expect(failure?.message == "the server answered 0 of 2 rows")
    #expect(failure?.requestId == Self.id && failure?.next == "usher again")
  }
}

/// How many rows each request had.
private final class Sizes: Sendable {
  private let sizes = Mutex<[Int]>([])
  var all: [Int] { sizes.withLock { $0 } }
  func note(_ size: Int) { sizes.withLock { $0.append(size) } }
}
