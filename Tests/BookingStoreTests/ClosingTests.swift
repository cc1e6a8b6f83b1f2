// Theatres and auditoriums that close while somebody does something with them: whoever comes second finds
// what the first has left.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

private let actor = AuditActor(keyID: nil, name: "test")

/// What is closed: the house's theatre, or its auditorium alone.
private enum Closed: CaseIterable {
  case theatre, auditorium

  func close(_ connection: PostgresConnection) async throws -> Int64 {
    try await HouseStore(connection).close(
      theatre: 1, auditorium: self == .theatre ? nil : 1, by: actor)
  }
}

@Suite(.timeLimit(.minutes(3))) struct ClosingTests {
  /// A house in which no show is to come, and another session.
  private func atRest(
    _ body: @escaping @Sendable (House, PostgresConnection) async throws -> Void
  ) async throws {
    try await House.run { house in
      try await house.run("update show set sales_state = 4")
      let other = try await PostgresConnection.connect(house.configuration, on: house.loop)
      try await body(house, other)
      await other.close()
    }
  }

  private func row(_ reference: String, auditorium: String = "") throws -> ScheduleWish {
    ScheduleWish(
      reference: reference, auditoriumID: auditorium.isEmpty ? 1 : 0, auditorium: auditorium,
      kind: 2, movieID: 0, title: "A play", language: "nl", format: "",
      start: .local("2030-03-0\(reference)T20:00"), minutes: 90, currency: try Currency("EUR"),
      prices: [("GOLD", 1_500), ("SILVER", 1_000)], salesState: nil)
  }

  private func showsToCome(_ house: House) async throws -> Int64 {
    try await house.connection.query(
      "select count(*) from show where auditorium_id = 1 and sales_state <> 4"
    ).onlyRow().decode(0)
  }

  @Test(arguments: Closed.allCases)
  fileprivate func aScheduleThatWaitsForAClosingIsRefused(closed: Closed) async throws {
    try await atRest { house, other in
      _ = try await other.query("begin")
      #expect(try await closed.close(other) == 0)
      let rows = [try row("1"), try row("2", auditorium: "Screen 1")]
      async let late = HouseStore(house.connection).upload(rows, toTheatre: 1, by: actor)
      try await House.untilAwaited(other)
      _ = try await other.query("commit")
      #expect(try await late.map(\.outcome) == [.auditoriumNotFound, .auditoriumNotFound])
      #expect(try await showsToCome(house) == 0)
    }
  }

  @Test(arguments: Closed.allCases)
  fileprivate func aClosingThatWaitsForAScheduleIsRefused(closed: Closed) async throws {
    try await atRest { house, other in
      _ = try await other.query("begin")
      let made = try await HouseStore(other).upload([row("1")], toTheatre: 1, by: actor)
      #expect(made.map(\.outcome) == [.created])
      async let late = closed.close(house.connection)
      try await House.untilAwaited(other)
      _ = try await other.query("commit")
      #expect(try await late == 1)
      #expect(try await showsToCome(house) == 1)
    }
  }

  @Test func anAuditoriumIsMadeWhereThereIsATheatre() async throws {
    try await atRest { house, other in
      let store = HouseStore(house.connection)
      let taken = try await store.createAuditorium(inTheatre: 1, named: "Screen 1", by: actor)
      #expect(taken == .nameTaken)
      guard
        case .done(let made) = try await store.createAuditorium(
          inTheatre: 1, named: "Screen 2", by: actor)
      else { throw StoreError(.fault) }
      #expect(made.theatreID == 1 && made.name == "Screen 2")
      _ = try await other.query("begin")
      _ = try await Closed.theatre.close(other)
      async let late = store.createAuditorium(inTheatre: 1, named: "Screen 3", by: actor)
      try await House.untilAwaited(other)
      _ = try await other.query("commit")
      #expect(try await late == .notFound)
      let never = try await store.createAuditorium(inTheatre: 99, named: "Screen 1", by: actor)
      #expect(never == .notFound)
    }
  }

  @Test(arguments: Closed.allCases)
  fileprivate func anAuditoriumIsRenamedWhileItIsThere(closed: Closed) async throws {
    try await atRest { house, other in
      let store = HouseStore(house.connection)
      @Sendable func rename(_ name: String) async throws -> HouseStore.AuditoriumOutcome {
        try await store.renameAuditorium(id: 1, inTheatre: 1, to: name, by: actor)
      }
      _ = try await store.createAuditorium(inTheatre: 1, named: "Screen 2", by: actor)
      #expect(try await rename("Screen 2") == .nameTaken)
      guard case .done(let renamed) = try await rename("Large") else { throw StoreError(.fault) }
      #expect(renamed.name == "Large" && renamed.seatCount == 30)
      _ = try await other.query("begin")
      _ = try await closed.close(other)
      async let late = rename("Small")
      try await House.untilAwaited(other)
      _ = try await other.query("commit")
      #expect(try await late == .notFound)
      let name = try await house.connection.query(
        "select name from auditorium where auditorium_id = 1")
      #expect(try name.onlyRow().decode(0, as: String.self) == "Large")
    }
  }

  /// Its owner may ask again; of an auditorium that closed with its theatre nobody has asked.
  @Test func whatIsClosedHasAnOwnerForWhoeverClosesItAgain() async throws {
    try await atRest { house, _ in
      let (catalog, store) = (CatalogStore(house.connection), HouseStore(house.connection))
      _ = try await store.createAuditorium(inTheatre: 1, named: "Screen 2", by: actor)
      _ = try await Closed.auditorium.close(house.connection)
      #expect(try await store.owner(ofAuditorium: 1) == nil)
      #expect(try await store.owner(ofAuditorium: 1, evenClosed: true)?.theatreID == 1)
      _ = try await Closed.theatre.close(house.connection)
      #expect(try await catalog.owner(ofTheatre: 1) == nil)
      #expect(try await catalog.owner(ofTheatre: 1, evenClosed: true)?.theatreID == 1)
      #expect(try await store.owner(ofAuditorium: 1, evenClosed: true)?.theatreID == 1)
      #expect(try await store.owner(ofAuditorium: 3, evenClosed: true) == nil)
      for closed in Closed.allCases { #expect(try await closed.close(house.connection) == 0) }
      let noted = try await house.connection.query(
        "select array_agg(action order by entry_id) from audit_entry where action like 'CLOSE%'")
      #expect(
        try noted.onlyRow().decode(0, as: [String].self) == ["CLOSE_AUDITORIUM", "CLOSE_THEATRE"])
    }
  }
}
