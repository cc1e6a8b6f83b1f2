// `usher partner sales`: what was sold of one's theatres and by oneself: live, show by show, summed up.

import ArgumentParser
import UsherProtos

struct SalesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sales",
    abstract: "Follows what is sold of one's theatres, and what one sold.",
    discussion: "Needs a key with the scope 'report'.",
    subcommands: [Watch.self, Bookings.self, Ticket.self, Digest.self, Statistics.self])

  struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints sales as they are committed.",
      discussion: """
        A line per event, or with -o jsonl an object per transaction with its position, bookmarks \
        included. Whoever keeps the last position that it has dealt with misses nothing:

          usher partner sales watch --after 1041 -o jsonl

        A lost connection is made again, and what was missed meanwhile is fetched.
        """)

    @Option(
      help: ArgumentHelp(
        "Go on behind this position; 0 for all that is kept.", valueName: "position")
    )
    var after: Int64?
    @Option(help: ArgumentHelp("End after this many transactions.", valueName: "count"))
    var count: Int?
    @Flag(help: "End when everything up to now is printed.") var once = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard after ?? 0 >= 0 else { throw ValidationError("--after cannot be negative.") }
      guard count ?? 1 >= 1 else { throw ValidationError("--count takes at least 1.") }
      guard !once || (count == nil && after != nil) else {
        throw ValidationError("--once needs --after, and --count contradicts it.")
      }
    }

    func run() async throws {
      try await global.perform(waits: true) { (session) throws(Failure) in
        var watcher = SalesWatcher(session: session, after: after, count: count, once: once)
        try await watcher.run()
      }
    }
  }

  struct Bookings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the bookings of a show, oldest first.")
    @Argument(help: "The show's id.") var show: Int64
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "bookings", SalesText.bookings, session, Usher.V1.ListShowBookingsRequest(showId: show),
          session.sales.listShowBookings)
      }
    }
  }

  struct Ticket: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Finds a booking and its customer by the code on a ticket.")
    @Argument(help: "The code, for example TKT-7F3K9QXM2A; TKT- may be left out.") var code: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let found = try await session.read(
          .init(ticketCode: code), session.sales.getBookingByTicketCode)
        try session.output.print(found, lines: SalesText.ticket(found, session.output.style))
      }
    }
  }

  struct Digest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sums up what is sold of a show, to compare with a record of one's own.")
    @Argument(help: "The show's id.") var show: Int64
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let digest = try await session.read(
          .init(showId: show), session.sales.getShowDigest, Advice(showId: show))
        try session.output.print(
          digest, lines: SalesText.digest(digest, session.output.style))
      }
    }
  }

  struct Statistics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Counts what was sold for shows of some days.",
      discussion: StatisticsOptions.discussion("usher partner sales statistics"))
    @OptionGroup var options: StatisticsOptions

    func run() async throws { try await options.run() }
  }
}
