// Lists, pages, single shows and credentials.

import Postgres
import Support
import Testing

@testable import Booking
@testable import BookingStore

@Suite(.timeLimit(.minutes(3))) struct CatalogTests {
  @Test func listsAreSortedAndFiltered() async throws {
    try await House.run { house in
      let catalog = CatalogStore(house.connection)
      let cities = try await catalog.cities(pageSize: 0, pageToken: "")
      #expect(cities.items.map(\.name) == ["Antwerp", "Ghent"] && cities.nextPageToken.isEmpty)
      let theatres = try await catalog.theatres(
        cityID: 0, movieID: 1, postalCode: "", pageSize: 0, pageToken: "")
      #expect(theatres.items.map(\.name) == ["Sphinx"])
      #expect(theatres.items.first?.screenCount == 1)
      let movies = try await catalog.movies(.init(), pageSize: 0, pageToken: "")
      #expect(movies.items.map(\.title) == ["Aardvark", "Zebra"])
      #expect(movies.items.map(\.releaseDate) == ["", "2026-01-02"])
      var nowhere = CatalogStore.MovieFilter()
      (nowhere.cityID, nowhere.theatreID) = (2, 1)
      let none = try await catalog.movies(nowhere, pageSize: 0, pageToken: "")
      #expect(none.items.isEmpty)
    }
  }

  @Test func theatresHaveAnOwnerOrAreTheHouses() async throws {
    try await House.run { house in
      let catalog = CatalogStore(house.connection)
      #expect(try await catalog.owner(ofTheatre: 1)?.partnerID == .some(nil))
      try await house.run("update theatre set partner_id = \(House.partner) where theatre_id = 1")
      let owner = try await catalog.owner(ofTheatre: 1)
      #expect(owner?.theatreID == 1 && owner?.partnerID == House.partner)
      #expect(try await catalog.owner(ofTheatre: 99) == nil)
    }
  }

  @Test func pagesFollowEachOtherWithoutGapOrOverlap() async throws {
    try await House.run { house in
      let catalog = CatalogStore(house.connection)
      var token = ""
      var seen: [Int64] = []
      repeat {
        let page = try await catalog.shows(.init(), pageSize: 1, pageToken: token)
        #expect(page.items.count == 1)
        seen += page.items.map(\.id)
        token = page.nextPageToken
      } while !token.isEmpty
      #expect(seen == [1, 2, 3])
    }
  }

  @Test func aTokenIsGoodOnlyForItsListAndFilters() async throws {
    try await House.run { house in
      let catalog = CatalogStore(house.connection)
      let token = try await catalog.cities(pageSize: 1, pageToken: "").nextPageToken
      #expect(
        try await catalog.cities(pageSize: 1, pageToken: token).items.map(\.name) == ["Ghent"])
      for bad in ["zz", "00", String(token.dropLast()), "00" + token.dropFirst(2) + "c3"] {
        await #expect(throws: StoreError(.invalidPageToken)) {
          try await catalog.cities(pageSize: 1, pageToken: bad)
        }
      }
      await #expect(throws: StoreError(.invalidPageToken)) {
        try await catalog.theatres(
          cityID: 0, movieID: 0, postalCode: "", pageSize: 1, pageToken: token)
      }
    }
  }

  @Test func showsAreFilteredByTheTheatresOwnDay() async throws {
    try await House.run { house in
      // 23:30 UTC is the next day in Brussels.
      try await house.run(
        """
        update show set during = tstzrange(
          date_trunc('day', now()) + interval '9 days 23 hours 30 minutes',
          date_trunc('day', now()) + interval '10 days 1 hour') where show_id = 3
        """)
      let result = try await house.connection.query(
        "select to_char((now() at time zone 'UTC')::date + 10, 'YYYY-MM-DD')")
      let day: String = try result.onlyRow().decode(0)
      var filter = CatalogStore.ShowFilter()
      filter.date = CalendarDate(day)
      let shows = try await CatalogStore(house.connection).shows(
        filter, pageSize: 0, pageToken: "")
      #expect(shows.items.map(\.id) == [3])
      #expect(shows.items.first?.localStart.hasPrefix(day) == true)
    }
  }

  @Test func aShowTellsLayoutPricesAndOffers() async throws {
    try await House.run { house in
      let details = house.details
      #expect(details.layout.seats.count == 30 && details.show.seatCount == 30)
      #expect(details.layout.seat(label: "C1")?.attributes == .wheelchair)
      #expect(details.show.prices.map(\.tier) == ["GOLD", "SILVER"])
      // Of the two that there are, one is for the early afternoon.
      #expect(details.prices.offers.map(\.title) == ["Third ticket half price"])
      let missing = try await CatalogStore(house.connection).show(id: 99)
      #expect(missing?.show.id == nil)
    }
  }

  /// The clocks of Brussels go back on 25 October 2099: 12:30 UTC is 14:30 before, 13:30 after.
  @Test func localTimeFollowsDaylightSaving() async throws {
    try await House.run { house in
      for (day, minute, offset) in [("2099-10-24", 870, 120), ("2099-10-26", 810, 60)] {
        try await house.connection.executeScript(
          """
          alter table show disable trigger show_start;
          update show set during = tstzrange('\(day) 12:30Z', '\(day) 14:00Z') where show_id = 1;
          """)
        let show = try #require(try await CatalogStore(house.connection).show(id: 1)).show
        #expect(show.start.minute == Int(minute) && show.utcOffsetMinutes == offset)
      }
    }
  }

  @Test func credentialsAreFoundByTheirHash() async throws {
    try await House.run { house in
      let store = CredentialStore(house.connection)
      let partner = try await store.addPartner(named: "Third")
      #expect(try await store.addPartner(named: "Third") == partner)
      try await store.addKey("usher_pk_secret", partnerID: partner, scopes: ["sell"])
      try await store.addKey("usher_pk_secret", partnerID: partner, scopes: ["sell"])
      let found = try #require(try await store.credential(forKey: "usher_pk_secret"))
      #expect(found.partnerID == partner && found.scopes == ["sell"] && found.isActive)
      for wrong in ["", "usher_pk_secreT", String(repeating: "x", count: 300)] {
        #expect(try await store.credential(forKey: wrong) == nil)
      }
      try await house.run("update partner set state = 3 where name = 'Third'")
      #expect(try await store.credential(forKey: "usher_pk_secret")?.isActive == false)
      try await house.run("update api_key set revoked_at = now()")
      #expect(try await store.credential(forKey: "usher_pk_secret") == nil)
    }
  }
}
