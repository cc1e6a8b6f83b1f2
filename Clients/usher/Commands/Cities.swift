// `usher cities`, `theatres`, `movies`: what there is.

import ArgumentParser
import UsherProtos

struct Cities: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lists the cities that have theatres.")

  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "cities", CatalogTables.cities, session, Usher.V1.ListCitiesRequest(),
        session.catalog.listCities)
    }
  }
}

struct Theatres: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists theatres, by name or by their distance from a place.")

  @Option(help: FilterHelp.city) var city: String?
  @Option(
    help: ArgumentHelp("Only those that show this movie: its id or title.", valueName: "movie"))
  var movie: String?
  @Option(help: ArgumentHelp("Only those with this ZIP or postal code.", valueName: "code"))
  var postalCode: String?
  // A place in the south begins with a minus sign.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Those around a place, nearest first: degrees north and east, as 52.52,13.40.",
      valueName: "place"))
  var near: Place?
  @Option(
    help: ArgumentHelp("Those around where this postal code is, nearest first.", valueName: "code"))
  var nearCode: String?
  @Option(
    help: ArgumentHelp("With --near, --near-code: at most so far away.", valueName: "metres"))
  var within: Int64?
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    if near != nil || nearCode != nil,
      city != nil || postalCode != nil || near != nil && nearCode != nil
    {
      throw ValidationError("--near and --near-code go with --movie and --within only.")
    }
    if within != nil, near == nil, nearCode == nil {
      throw ValidationError("--within needs --near or --near-code.")
    }
    if let within, within <= 0 { throw ValidationError("--within must be above 0.") }
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let movieId = try await session.movieId(movie)
      if near != nil || nearCode != nil { return try await find(movieId, session) }
      let filter = Usher.V1.ListTheatresRequest(
        cityId: try await session.cityId(city), movieId: movieId, postalCode: postalCode ?? "")
      try await list.print(
        "theatres", CatalogTables.theatres, session, filter, session.catalog.listTheatres)
    }
  }

  private func find(_ movieId: Int64, _ session: Session) async throws(Failure) {
    let filter = Usher.V1.FindTheatresRequest(
      latitude: near?.latitude ?? 0, longitude: near?.longitude ?? 0,
      withinMetres: within ?? 0, movieId: movieId, postalCode: nearCode ?? "")
    try await list.print(
      "theatres", CatalogTables.nearbyTheatres, session, filter, session.catalog.findTheatres)
  }
}

/// A place on the earth, as it is written on a command line.
struct Place: ExpressibleByArgument {
  let latitude: Double
  let longitude: Double

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.trimmingPrefix(" ")) }
    guard parts.count == 2, let latitude = parts[0], let longitude = parts[1],
      (-90...90).contains(latitude), (-180...180).contains(longitude)
    else { return nil }
    (self.latitude, self.longitude) = (latitude, longitude)
  }
}

struct Movies: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the movies that have shows to come.")

  @Option(help: FilterHelp.city) var city: String?
  @Option(help: FilterHelp.theatre) var theatre: String?
  @OptionGroup var traits: MovieTraits
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let filter = Usher.V1.ListMoviesRequest(
        cityId: try await session.cityId(city), theatreId: try await session.theatreId(theatre),
        genre: traits.genre ?? "", language: traits.language ?? "", date: traits.day)
      try await list.print(
        "movies", CatalogTables.movies, session, filter, session.catalog.listMovies)
    }
  }
}

/// What a list of movies can be narrowed down to.
struct MovieTraits: ParsableArguments {
  @Option(help: ArgumentHelp("Only of this genre.", valueName: "genre")) var genre: String?
  @Option(help: FilterHelp.language) var language: String?
  @Option(help: FilterHelp.date, completion: .list(["today", "tomorrow"])) var date: String?

  var day: String { WantedDay.text(date) }

  mutating func validate() throws { try WantedDay.validate(date) }
}
