// Movies one by one: what there is to know of them, where they are shown, whom they may please, and what
// operators change. Each act is one statement that does it and notes it.

package import Booking
import Postgres

/// Reads and writes movies.
package struct MovieStore: Sendable {
  private let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// A movie; nil when there is none.
  package func movie(
    id: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> MovieDetailsRecord? {
    let result = try await database.ask(Statements.getMovie, [.int8(id)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try MovieDetailsRecord(row) }
    }
  }

  /// What became of a wish for a movie.
  package enum Outcome: Sendable, Hashable {
    /// It is there under this id, as it was wished.
    case done(Int64)
    /// Another has the title and release date.
    case known(Int64)
    /// There is no such movie.
    case missing
  }

  /// Makes a movie, of which everything is given.
  package func create(
    _ movie: MovieChange, by actor: AuditActor, ofPartner partnerID: Int64? = nil,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Outcome {
    for _ in 0..<StoreLimits.soloAttempts {
      let outcome = try await act(
        Statements.addMovie, actor.values + movie.values + [.int8(partnerID)], timeout)
      if outcome != .missing { return outcome }
      // The same was made meanwhile, and shows itself now.
    }
    throw StoreError(.contended)
  }

  /// Changes a movie. `fields` is what the log says of it.
  package func update(
    id: Int64, _ change: MovieChange, fields: [String], by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Outcome {
    do throws(StoreError) {
      return try await act(
        Statements.updateMovie, actor.values + change.values + [.int8(id), .array(fields)],
        timeout)
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      throw StoreError(.contended, cause: error.cause)
    }
  }

  private func act(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], _ timeout: Duration?
  ) async throws(StoreError) -> Outcome {
    let result = try await database.ask(statement, parameters, timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      if let done = try row.decode(0, as: Int64?.self) { return .done(done) }
      return try row.decode(1, as: Int64?.self).map { .known($0) } ?? .missing
    }
  }

  /// What an account may like to see in a city (0: in any), the best first.
  package func recommendations(
    for accountID: UniqueID, cityID: Int64, count: Int, timeout: Duration? = nil
  ) async throws(StoreError) -> [RecommendationRecord] {
    let result = try await database.ask(
      Statements.getRecommendations,
      [
        .uuid(PostgresUUID(accountID)), .text(accountID.description), .int8(cityID),
        .int8(Int64(count)),
      ], timeout: timeout)
    return try reading { () throws(PostgresError) in
      var found: [RecommendationRecord] = []
      for row in result.rows { found.append(try RecommendationRecord(row)) }
      return found
    }
  }

  /// Theatres that show a movie, by name, each with its first shows. The movie of the filter is given,
  /// its theatre is not looked at.
  package func theatres(
    showing wanted: CatalogStore.ShowFilter, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<TheatreShowsRecord> {
    var filter = RequestHash(command: "movie theatres")
    wanted.add(to: &filter)
    let token = try PageToken(pageToken, boundTo: filter)
    let size = min(Paging.size(pageSize), StoreLimits.theatresWithShows)
    let result = try await database.ask(
      Statements.listMovieTheatres,
      [
        .int8(wanted.movieID), .filter(wanted.cityID), wanted.day, .filter(wanted.language),
        .filter(wanted.format), .text(token.key), .int8(token.id), .int8(Int64(size) + 1),
        .int8(Int64(StoreLimits.showsPerTheatre) + 1),
      ], timeout: timeout)
    let theatres = try reading { () throws(PostgresError) in try Self.theatres(result) }
    guard theatres.count > size, let last = theatres.prefix(size).last?.theatre else {
      return Page(items: theatres, nextPageToken: "")
    }
    return Page(
      items: Array(theatres.prefix(size)),
      nextPageToken: PageToken(key: last.name, id: last.id).text(boundTo: filter))
  }

  /// Rows of one theatre follow each other.
  private static func theatres(
    _ result: PostgresResult
  ) throws(PostgresError) -> [TheatreShowsRecord] {
    var found: [TheatreShowsRecord] = []
    for row in result.rows {
      let show = try ShowRecord(row, from: 10)
      if found.last?.theatre.id != show.theatreID {
        found.append(TheatreShowsRecord(theatre: try TheatreRecord(row), shows: []))
      }
      let index = found.count - 1
      if found[index].shows.count < StoreLimits.showsPerTheatre {
        found[index].shows.append(show)
      } else {
        found[index].hasMore = true
      }
    }
    return found
  }
}
