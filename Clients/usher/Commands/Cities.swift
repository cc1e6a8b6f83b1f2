// `usher cities`, `theatres`, `movies`: what there is.

import ArgumentParser
import UsherProtos

struct Cities: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lists the cities that have theatres.")

  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let listing = try await session.cities(limit: list.limit)
      try session.output.print(
        Usher.V1.ListCitiesResponse(cities: listing.items), items: listing.items,
        table: CatalogTables.cities(listing.items, session.output.style))
      list.remark(listing.items.count, isCut: listing.isCut, "cities", session.output)
    }
  }
}

struct Theatres: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lists theatres.")

  @Option(help: FilterHelp.city) var city: String?
  @Option(
    help: ArgumentHelp("Only those that show this movie: its id or title.", valueName: "movie"))
  var movie: String?
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let filter = Usher.V1.ListTheatresRequest(
        cityId: try await session.cityId(city), movieId: try await session.movieId(movie))
      let listing = try await session.theatres(filter, limit: list.limit)
      try session.output.print(
        Usher.V1.ListTheatresResponse(theatres: listing.items), items: listing.items,
        table: CatalogTables.theatres(listing.items, session.output.style))
      list.remark(listing.items.count, isCut: listing.isCut, "theatres", session.output)
    }
  }
}

struct Movies: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the movies that have shows to come.")

  @Option(help: FilterHelp.city) var city: String?
  @Option(help: FilterHelp.theatre) var theatre: String?
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let filter = Usher.V1.ListMoviesRequest(
        cityId: try await session.cityId(city), theatreId: try await session.theatreId(theatre))
      let listing = try await session.movies(filter, limit: list.limit)
      try session.output.print(
        Usher.V1.ListMoviesResponse(movies: listing.items), items: listing.items,
        table: CatalogTables.movies(listing.items, session.output.style))
      list.remark(listing.items.count, isCut: listing.isCut, "movies", session.output)
    }
  }
}
