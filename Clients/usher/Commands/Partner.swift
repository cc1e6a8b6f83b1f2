// `usher partner`: what a partner keeps itself. Here are the root command, theatres and movies.

import ArgumentParser
import UsherProtos

struct PartnerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partner",
    abstract: "Runs a partner's own theatres: rooms, layouts, schedules, terms.",
    discussion: """
      Needs a key with the scope 'manage'. From nothing to a show on sale:

        usher partner theatre create Odeon --city Ghent --country BE \\
          --time-zone Europe/Brussels --at 51.05,3.72
        usher partner auditorium create 1 'Screen 1'
        usher partner layout import 1 screen-1.json
        usher partner movie create 'The Long Ice' --minutes 95
        usher partner schedule upload 1 week.csv

      An operator's key (scope 'admin') reaches every partner's theatres.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Houses",
        subcommands: [OwnTheatres.self, TheatreCommand.self, AuditoriumCommand.self]),
      CommandGroup(name: "Seats", subcommands: [LayoutCommand.self]),
      CommandGroup(name: "Programme", subcommands: [MovieCommand.self, ScheduleCommand.self]),
      CommandGroup(name: "Sales", subcommands: [SalesCommand.self, SettlementCommand.self]),
      CommandGroup(
        name: "Terms",
        subcommands: [
          PricesCommand.self, OfferCommand.self, BlockCommand.self, UnblockCommand.self,
          BlocksCommand.self, AllocationCommand.self, AddOnCommand.self,
        ]),
    ])
}

struct OwnTheatres: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "theatres", abstract: "Lists one's own theatres by name.")
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "theatres", PartnerTables.theatres, session, Usher.V1.ListOwnTheatresRequest(),
        session.partner.listOwnTheatres)
    }
  }
}

struct TheatreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "theatre", abstract: "Makes, changes, shows and closes theatres.",
    subcommands: [Create.self, Update.self, Show.self, Close.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a theatre, and its city if that is new.")
    @Argument(help: "Its name; no two theatres of a city have the same.") var name: String
    @Option(help: "The city, by name or id.") var city: String
    @Option(help: ArgumentHelp("The city's country, as DE; with a name.", valueName: "code"))
    var country = ""
    @Option(help: "The city's state, province or county; where names repeat.") var region = ""
    @Option(help: ArgumentHelp("IANA time zone, as Europe/Berlin.", valueName: "zone"))
    var timeZone: String
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Where: degrees north and east, as 52.52,13.40.", valueName: "place"))
    var at: Place
    @Option(help: "Street and number.") var address = ""
    @Option(help: ArgumentHelp("ZIP or postal code.", valueName: "code")) var postalCode = ""
    @Option(
      help: ArgumentHelp("Whose it is to be; operators only.", valueName: "number"))
    var partner: Int64 = 0
    @OptionGroup var policies: PolicyOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        var theatre = Usher.V1.OwnTheatre(
          partnerId: partner, name: name, address: address, postalCode: postalCode,
          timeZone: timeZone, latitude: at.latitude, longitude: at.longitude,
          policies: policies.message)
        theatre.city =
          Int64(city).map { .init(cityId: $0) }
          ?? .init(name: city, region: region, countryCode: country)
        let request = Usher.V1.CreateTheatreRequest(theatre: theatre)
        let answer = try await session.act(request, session.partner.createTheatre)
        let made = answer.theatre ?? .init()
        try session.output.print(
          answer,
          lines: [
            session.output.style.clean("Theatre \(made.theatreId), \(made.name)."),
            "  next: usher partner auditorium create \(made.theatreId) NAME"
              + session.settings.repeatedFlags,
          ])
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes a theatre; policies count from now on.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @Option(help: "Its new name.") var name: String?
    @Option(help: "Its new address.") var address: String?
    @Option(help: ArgumentHelp("Its new postal code.", valueName: "code")) var postalCode: String?
    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Its new place, as 52.52,13.40.", valueName: "place"))
    var at: Place?
    @OptionGroup var policies: PolicyOptions
    @OptionGroup var global: GlobalOptions

    private var paths: [String] {
      let words: [(String, Bool)] = [
        ("name", name != nil), ("address", address != nil), ("postal_code", postalCode != nil),
        ("latitude", at != nil), ("longitude", at != nil),
      ]
      return words.filter(\.1).map(\.0) + policies.paths
    }

    func validate() throws {
      guard !paths.isEmpty else { throw ValidationError("Say what is to be changed.") }
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let wanted = Usher.V1.OwnTheatre(
          theatreId: theatre, name: name ?? "", address: address ?? "",
          postalCode: postalCode ?? "", latitude: at?.latitude ?? 0,
          longitude: at?.longitude ?? 0, policies: policies.message)
        let request = Usher.V1.UpdateTheatreRequest(
          theatre: wanted, updateMask: .init(paths: paths))
        let answer = try await session.act(request, session.partner.updateTheatre)
        try session.output.print(
          answer, lines: PartnerTables.lines(answer.theatre ?? .init(), session.output.style))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a theatre, its policies and its auditoriums.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.read(
          .init(theatreId: theatre), session.partner.getOwnTheatre)
        guard session.output.presentation.output == .table else {
          return try session.output.print(answer, lines: [])
        }
        let rooms = try await session.all(
          Usher.V1.ListAuditoriumsRequest(theatreId: theatre), session.partner.listAuditoriums)
        let table = Column.table(
          PartnerTables.auditoriums, of: rooms.items, session.output.style)
        try session.output.print(
          lines: PartnerTables.lines(answer.theatre ?? .init(), session.output.style)
            + (rooms.items.isEmpty ? [] : [""] + table.lines(width: Console.width)))
      }
    }
  }
}

/// How a theatre sells, as flags.
struct PolicyOptions: ParsableArguments {
  /// What becomes of bookings that strand a single seat.
  enum Orphans: String, ExpressibleByArgument, CaseIterable {
    case off, prefer, forbid

    var value: Usher.V1.OrphanRule {
      switch self {
      case .off: .off
      case .prefer: .prefer
      case .forbid: .forbid
      }
    }
  }

  @Option(help: ArgumentHelp("Minutes that a hold lasts, 1 to 15.", valueName: "count"))
  var holdMinutes: Int32?
  @Option(help: ArgumentHelp("Most seats of a customer in a show, 1 to 10.", valueName: "count"))
  var seatsPerCustomer: Int32?
  @Option(help: "Bookings that strand a single seat: off, prefer (others), forbid.")
  var orphanRule: Orphans?
  @Option(
    help: ArgumentHelp("Percent given back for a cancelled seat, as 80.", valueName: "percent"))
  var refundPercent: Double?
  @Option(
    help: ArgumentHelp("Until how many minutes before the show it is.", valueName: "count"))
  var refundMinutesBefore: Int32?

  mutating func validate() throws {
    guard (0...100).contains(refundPercent ?? 0) else {
      throw ValidationError("--refund-percent takes 0 to 100.")
    }
  }

  var message: Usher.V1.TheatrePolicies {
    .init(
      holdMinutes: holdMinutes, seatsPerCustomer: seatsPerCustomer,
      orphanRule: orphanRule?.value ?? .unspecified,
      refundBasisPoints: refundPercent.map { Int32(($0 * 100).rounded()) },
      refundMinutesBefore: refundMinutesBefore)
  }

  /// Those that were given, as a mask names them.
  var paths: [String] {
    let all: [(String, Bool)] = [
      ("hold_minutes", holdMinutes != nil), ("seats_per_customer", seatsPerCustomer != nil),
      ("orphan_rule", orphanRule != nil), ("refund_basis_points", refundPercent != nil),
      ("refund_minutes_before", refundMinutesBefore != nil),
    ]
    return all.filter(\.1).map { "policies.\($0.0)" }
  }
}

struct MovieCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "movie", abstract: "Adds movies to the catalogue that all theatres share.",
    subcommands: [Create.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Adds a movie.")
    @Argument(help: "Its title.") var title: String
    @Option(help: ArgumentHelp("Its running time.", valueName: "minutes")) var minutes: Int32
    @Option(help: "What it is about.") var synopsis = ""
    @Option(help: "A genre; repeatable.") var genre: [String] = []
    @Option(help: "A spoken language, as en; repeatable.") var language: [String] = []
    @Option(help: ArgumentHelp("Day of first release, as 2027-03-28.", valueName: "day"))
    var released = ""
    @Option(help: "Age certificate, as 12A.") var certificate = ""
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let movie = Usher.V1.Movie(
          title: title, synopsis: synopsis, genres: genre, languages: language,
          durationMinutes: minutes, releaseDate: released, certificate: certificate)
        let answer = try await session.act(.init(movie: movie), session.partner.createMovie)
        let made = answer.movie ?? .init()
        try session.output.print(answer, lines: ["Movie \(made.movieId), \(made.title)."])
      }
    }
  }
}
