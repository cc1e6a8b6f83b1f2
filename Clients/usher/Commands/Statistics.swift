// Figures about sales, for `usher partner sales statistics` and `usher admin statistics`; and suspicious
// customers, for operators.

import ArgumentParser
import UsherProtos

/// What figures are asked for: a period, groups, filters.
struct StatisticsOptions: ParsableArguments {
  static func discussion(_ command: String) -> String {
    """
    By the day on which shows begin, in their theatre's time zone, by show, theatre, movie or \
    seller; or by the day on which seats were sold, the period being one of such days. Amounts of different currencies are told apart.

      \(command) --from 2027-03-01 --to 2027-03-31 --by movie
    """
  }

  /// Groups of sales.
  enum Grouping: String, ExpressibleByArgument, CaseIterable {
    case day, show, theatre, movie, seller
    case dayOfSale = "day-of-sale"

    var value: Usher.V1.SalesGrouping {
      switch self {
      case .day: .day
      case .show: .show
      case .theatre: .theatre
      case .movie: .movie
      case .seller: .seller
      case .dayOfSale: .dayOfSale
      }
    }
  }

  @Option(help: ArgumentHelp("The first day of shows: YYYY-MM-DD, today.", valueName: "day"))
  var from: String
  @Option(help: ArgumentHelp("The last day of shows; the first if left away.", valueName: "day"))
  var to: String?
  @Option(help: "By what to group.") var by: Grouping = .day
  @Option(help: FilterHelp.theatre) var theatre: String?
  @Option(help: FilterHelp.movie) var movie: String?
  @Option(help: ArgumentHelp("Only this show.", valueName: "id")) var show: Int64 = 0
  @Option(
    help: ArgumentHelp("Only what this partner sold; 0 for the house.", valueName: "number"))
  var seller: Int64?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    try WantedDay.validate(from)
    try WantedDay.validate(to)
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let request = Usher.V1.GetSalesStatisticsRequest(
        firstDay: WantedDay.text(from), lastDay: WantedDay.text(to ?? from), grouping: by.value,
        theatreId: try await session.theatreId(theatre),
        movieId: try await session.movieId(movie), showId: show, partnerId: seller)
      let answer = try await session.read(request, session.sales.getSalesStatistics)
      try session.output.print(answer, items: answer.figures, SalesText.figures)
    }
  }
}

struct Statistics: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Counts what was sold by everybody for shows of some days.",
    discussion: StatisticsOptions.discussion("usher admin statistics"))
  @OptionGroup var options: StatisticsOptions

  func run() async throws { try await options.run() }
}

struct Suspicious: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists customers whose holds are suspicious.",
    discussion: """
      Those with many holds that were never paid, or many within a minute; 0 leaves a threshold as the \
      server has it. An account (partner 0) is blocked by its id:

        usher admin suspicious --hours 48 --unpaid 10
        usher admin block-account 0192f0c4-…
      """)
  @Option(help: ArgumentHelp("How far back to look.", valueName: "count")) var hours: Int64 = 24
  @Option(help: ArgumentHelp("Holds that were never paid.", valueName: "count"))
  var unpaid: Int32 = 0
  @Option(help: ArgumentHelp("… of a hundred that are over.", valueName: "count"))
  var percent: Int32 = 0
  @Option(help: ArgumentHelp("Or holds within a minute.", valueName: "count"))
  var perMinute: Int32 = 0
  @Option(help: ArgumentHelp("At most this many.", valueName: "count")) var limit: Int32 = 50
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (1...168).contains(hours) else { throw ValidationError("--hours takes 1 to 168.") }
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let request = Usher.Admin.V1.ListSuspiciousCustomersRequest(
        window: .init(seconds: hours * 3_600), unpaidHolds: unpaid, unpaidPercent: percent,
        holdsPerMinute: perMinute, limit: limit)
      let answer = try await session.read(request, session.operators.listSuspiciousCustomers)
      try session.output.print(
        answer, items: answer.customers,
        SalesText.suspects)
      if answer.isCut { session.output.notice("there are more of them; --limit says how many") }
      if answer.customers.isEmpty { session.output.notice("no customer is suspicious") }
    }
  }
}
