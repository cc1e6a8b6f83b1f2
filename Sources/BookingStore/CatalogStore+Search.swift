// Finds theatres by place and movies by words. These lists are ordered by a number that the database
// works out, so that is what their page tokens hold.

import Booking
import Postgres

/// A theatre and how far it is.
package struct NearbyTheatre: Sendable, Hashable {
  /// The theatre.
  package let theatre: TheatreRecord
  /// The way along the earth's surface.
  package let metres: Int64
}

/// What is listed by a number.
private struct Ranked<Item: Sendable>: Sendable {
  let item: Item
  let rank: Double
}

extension CatalogStore {
  /// About where a postal code is, in degrees; nil where no theatre has one that begins like it.
  package func place(
    ofPostalCode code: String, country: String, timeout: Duration? = nil
  ) async throws(StoreError) -> (latitude: Double, longitude: Double)? {
    let result = try await database.ask(
      Statements.placeOfPostalCode, [.text(code), .text(country)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in
        (try row.decode(0), try row.decode(1))
      }
    }
  }

  /// Theatres around a place in degrees, nearest first; 0 leaves a filter out. Pages as in
  /// ``cities(pageSize:pageToken:timeout:)``.
  package func theatres(
    latitude: Double, longitude: Double, withinMetres: Int64, movieID: Int64, pageSize: Int,
    pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<NearbyTheatre> {
    var filter = RequestHash(command: "nearby")
    filter.add(Int64(bitPattern: latitude.bitPattern))
    filter.add(Int64(bitPattern: longitude.bitPattern))
    filter.add(withinMetres)
    filter.add(movieID)
    return try await ranked(
      Statements.findTheatres, filter,
      [.float8(latitude), .float8(longitude), .filter(withinMetres), .filter(movieID)],
      pageSize, pageToken, timeout, id: { $0.theatre.id }
    ) { row throws(PostgresError) in
      Ranked(
        item: NearbyTheatre(theatre: try TheatreRecord(row), metres: try row.decode(10)),
        rank: try row.decode(11))
    }
  }

  /// Movies that fit words, best first; a theatre in the filter is not looked at.
  package func movies(
    fitting text: String, _ wanted: MovieFilter, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<MovieRecord> {
    var filter = RequestHash(command: "search")
    filter.add(text)
    wanted.add(to: &filter)
    let isAnywhere = wanted.cityID == 0 && wanted.date == nil
    return try await ranked(
      isAnywhere ? Statements.searchMovies : Statements.searchShownMovies, filter,
      [
        .text(text), .filter(wanted.genre), .filter(wanted.language), .filter(wanted.cityID),
        wanted.day,
      ], pageSize, pageToken, timeout, id: \.id
    ) { row throws(PostgresError) in
      Ranked(item: try MovieRecord(row), rank: try row.decode(8))
    }
  }

  private func ranked<Item: Sendable>(
    _ statement: FilteredStatement, _ filter: RequestHash, _ parameters: [PostgresValue],
    _ pageSize: Int, _ pageToken: String, _ timeout: Duration?, id: (Item) -> Int64,
    _ decode: (PostgresRow) throws(PostgresError) -> Ranked<Item>
  ) async throws(StoreError) -> Page<Item> {
    let token = try PageToken(pageToken, boundTo: filter)
    let after = token == .start ? nil : Double(token.key)
    guard token == .start || after?.isFinite == true else {
      throw StoreError(.invalidPageToken)
    }
    let size = Paging.size(pageSize)
    let result = try await token.judging { () async throws(StoreError) in
      try await database.ask(
        statement, parameters + [.float8(after), .int8(token.id), .int8(Int64(size) + 1)],
        timeout: timeout)
    }
    let page = try Paging.page(
      result, size, filter, key: { (String($0.rank), id($0.item)) }, decode)
    return Page(items: page.items.map(\.item), nextPageToken: page.nextPageToken)
  }
}
