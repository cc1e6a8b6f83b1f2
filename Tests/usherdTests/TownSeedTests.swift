// The demo's town: what the files promise, the plan's rules, and the rows in a real PostgreSQL.

import Booking
import Foundation
import Postgres
import Reactor
import Support
import Testing

@testable import usherd

@Suite struct TownFileTests {
  let town: TownSeed

  init() throws { town = try TownSeed() }

  @Test func townIsLargeEnough() {
    #expect(town.cities.count >= 3)
    #expect(town.cities.flatMap(\.theatres).count >= 8)
    #expect(TownRoom.all(of: town).count >= 20)
    #expect(town.movies.count >= 25)
    #expect(town.productions.values.contains { $0.kind == .concert })
  }

  @Test func roomsHaveSixtyToSixHundredSeats() {
    let counts = town.drawings.values.map(\.layout.seats.count)
    #expect(counts.min() == 60)
    #expect(counts.max() == 600)
    #expect(counts.count { $0 == 60 } == 1)
    #expect(town.drawings["studio-60"]?.layout.seats.count == 60)
  }

  @Test func layoutsShowEveryPeculiarity() {
    let seats = town.drawings.values.flatMap(\.layout.seats)
    for attribute in [SeatAttributes.aisle, .wheelchair, .companion, .restrictedView] {
      #expect(seats.contains { $0.attributes.contains(attribute) })
    }
    #expect(town.drawings.values.contains { $0.layout.tiers.count >= 4 })
  }

  @Test func lanesAreDistinct() {
    let lanes = town.cities.flatMap(\.theatres).map(\.lane)
    #expect(Set(lanes).count == lanes.count)
    #expect(lanes.allSatisfy { (0..<64).contains($0) })
  }
}

@Suite struct DrawingTests {
  private func draw(
    _ rows: [String], numbering: String = "left", prefixes: String = "{}"
  ) throws -> Drawing {
    let json = """
      {"name": "t", "tiers": {"s": "S", "h": "H"}, "rowPrefixes": \(prefixes),
       "accessibleTier": "S", "numbering": "\(numbering)", "rows": \(rows.debugDescription)}
      """
    return try Drawing(JSONDecoder().decode(SeatDrawing.self, from: Data(json.utf8)))
  }

  @Test func charactersBecomeSeats() throws {
    let seats = try draw(["A s|wc", "", "B #S.h"]).layout.seats
    #expect(seats.map(\.label) == ["A1", "A2", "A3", "B1", "B2"])
    #expect(seats.map(\.x) == [0, 2, 3, 1, 3])
    #expect(seats.map(\.y) == [0, 0, 0, 2, 2])
    #expect(seats.map(\.tier) == ["S", "S", "S", "S", "H"])
    #expect(
      seats.map(\.attributes) == [.aisle, [.aisle, .wheelchair], .companion, .restrictedView, []])
  }

  @Test(arguments: [
    ("left", ["A1", "A2", "A3", "A4", "A5"]),
    ("right", ["A5", "A4", "A3", "A2", "A1"]),
    ("odds-left", ["A5", "A3", "A1", "A2", "A4"]),
  ])
  func numbering(_ numbering: String, _ labels: [String]) throws {
    #expect(try draw(["A ss.sss"], numbering: numbering).layout.seats.map(\.label) == labels)
  }

  @Test func prefixesMakeASecondRowOnOneLine() throws {
    let seats = try draw(["A h..ss..h"], prefixes: #"{"h": "R"}"#).layout.seats
    #expect(seats.map(\.label) == ["A1", "A2", "RA1", "RA2"])
    #expect(seats.map(\.x) == [3, 4, 0, 7])
  }

  @Test(arguments: ["A sxs", "sss", "A s s"])
  func badRowsAreRefused(_ row: String) {
    #expect(throws: TownSeedError.self) { try draw([row]) }
  }
}

@Suite struct ProgrammeTests {
  let town: TownSeed

  init() throws { town = try TownSeed() }

  /// Any four years from 2025 on, leap day included.
  private static let days: [Int32] = stride(from: Int32(20_089), to: 21_550, by: 13).map { $0 }

  @Test func everyRoomIsFreeBetweenShows() throws {
    for room in TownRoom.all(of: town) {
      for first in Self.days {
        let shows = try (first..<first + 8).flatMap { day in
          try town.programme(
            theatre: room.theatre, auditorium: room.auditorium, room: room.number, day: day)
        }
        let starts = shows.map { Int($0.day) * 1440 + Int($0.startMinute) }
        let ends = shows.map { Int($0.day) * 1440 + Int($0.endMinute) }
        // Two hours at night leave room for the clocks to change.
        #expect(zip(ends, starts.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(shows.count >= 2, "\(room.theatre.name), \(room.auditorium.name)")
      }
    }
  }

  @Test func everyDayHasMatineesAndEveningShows() throws {
    for day in Self.days {
      let shows = try TownRoom.all(of: town).flatMap { room in
        try town.programme(
          theatre: room.theatre, auditorium: room.auditorium, room: room.number, day: day)
      }
      #expect(shows.contains { (720..<1020).contains($0.startMinute) })
      #expect(shows.contains { $0.startMinute >= 1140 })
      #expect(shows.allSatisfy { $0.startMinute >= 180 })
    }
  }

  @Test func mostMoviesRunWithinTwoWeeks() throws {
    let titles = try TownRoom.all(of: town).flatMap { room in
      try (20_400..<20_415).flatMap { day in
        try town.programme(
          theatre: room.theatre, auditorium: room.auditorium, room: room.number, day: day)
      }
    }.compactMap { show in
      if case .film(let title) = show.content { title } else { nil }
    }
    #expect(Set(titles).count >= 25)
  }
}
