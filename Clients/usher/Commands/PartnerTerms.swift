// `usher partner offer` and `usher partner prices`: what seats cost.

import ArgumentParser
import UsherProtos

struct OfferCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offer", abstract: "Makes, changes, ends and lists offers.",
    discussion: """
      An offer counts from the next hold on; what is held already keeps its price. Of the offers that apply
      to a seat those for each seat come first, then those for a ticket's position, each by priority, the
      highest first; after an exclusive one no other applies.
      """,
    subcommands: [Create.self, Update.self, End.self, List.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes an offer; without a place for all of one's theatres.")
    @Argument(help: "Its name, as quotes print it.") var title: String
    @OptionGroup var terms: OfferOptions
    @Option(help: "Only in this theatre, by id.") var theatre: Int64 = 0
    @Option(help: "Only in this auditorium, by id.") var auditorium: Int64 = 0
    @Option(help: "Only in this show, by id.") var show: Int64 = 0
    @Option(help: "Only in shows of this movie, by id.") var movie: Int64 = 0
    @Option(help: "Only for seats of this tier.") var tier = ""
    @Option(
      help: ArgumentHelp(
        "Only for this seat of the show or auditorium; repeatable.", valueName: "label"))
    var seat: [String] = []
    @Option(help: ArgumentHelp("Only for sales of this partner.", valueName: "number"))
    var partner: Int64 = 0
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        var offer = try terms.offer(title)
        (offer.tier, offer.seats, offer.partnerId) = (tier, seat, partner)
        let wish = Usher.V1.CreateOfferRequest(
          offer: offer,
          place: .init(
            theatreId: theatre, auditoriumId: auditorium, showId: show, movieId: movie),
          requestId: request.id)
        let answer = try await session.change(wish, session.partner.createOffer)
        try session.output.print(
          answer,
          lines: [
            "Offer \(answer.offerId), for \(TermsTables.shows(answer.showCount)) to come.",
            "  next: usher partner offer end \(answer.offerId)" + session.settings.repeatedFlags,
          ])
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives an offer other terms, all of them; what it is for stays.")
    @Argument(help: "The offer's id.") var offer: Int64
    @Argument(help: "Its name, as quotes print it.") var title: String
    @OptionGroup var terms: OfferOptions
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        var changed = try terms.offer(title)
        changed.offerId = offer
        let wish = Usher.V1.UpdateOfferRequest(offer: changed, requestId: request.id)
        let answer = try await session.change(wish, session.partner.updateOffer)
        try session.output.print(
          answer,
          lines: ["Offer \(offer), for \(TermsTables.shows(answer.showCount)) to come."])
      }
    }
  }

  struct End: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends an offer for good.")
    @Argument(help: "The offer's id.") var offer: Int64
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.change(
          .init(offerId: offer, requestId: request.id), session.partner.endOffer)
        try session.output.print(answer, lines: ["Offer \(offer) has ended."])
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists one's own offers.")
    @Option(help: "Only those that may apply to this show, by id.") var show: Int64 = 0
    @Flag(help: "Ended ones too.") var ended = false
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "offers", TermsTables.offers, session,
          Usher.V1.ListOffersRequest(showId: show, withEnded: ended), session.partner.listOffers)
      }
    }
  }
}

struct PricesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prices", abstract: "Sets what seats cost, in one show or many.",
    discussion: """
      Prices count from the next hold on; what is held already keeps its price.

        usher partner prices GOLD=15 SILVER=12.50 --currency EUR --show 7 --show 8
        usher partner prices 10 --currency EUR --theatre 3 --movie 5
      """)
  @Argument(
    help: ArgumentHelp("TIER=AMOUNT, or one amount for every tier.", valueName: "price"))
  var prices: [String]
  @Option(help: ArgumentHelp("ISO 4217 code, as EUR: the shows'.", valueName: "code"))
  var currency: String
  @Option(help: "A show, by id; repeatable.") var show: [Int64] = []
  @Option(help: "Or: all shows to come of this theatre, by id.") var theatre: Int64?
  @Option(help: "… only in this auditorium, by id.") var auditorium: Int64 = 0
  @Option(help: "… only of this movie, by id.") var movie: Int64 = 0
  @Option(
    help: ArgumentHelp("… that start then or later.", valueName: "time"),
    transform: Moment.init)
  var from: Moment?
  @Option(
    help: ArgumentHelp("… that start before then.", valueName: "time"), transform: Moment.init)
  var before: Moment?
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard show.isEmpty != (theatre == nil) else {
      throw ValidationError("Name shows by --show, or a theatre by --theatre.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      var wish = Usher.V1.SetPricesRequest(showIds: show, requestId: request.id)
      for text in prices {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        wish.prices.append(
          .init(
            tier: parts.count == 2 ? String(parts[0]) : "",
            price: try .init(amount: String(parts[parts.count - 1]), currency)))
      }
      wish.shows = theatre.map {
        .init(
          theatreId: $0, auditoriumId: auditorium, movieId: movie, startsFrom: from?.timestamp,
          startsBefore: before?.timestamp)
      }
      let answer = try await session.change(
        wish, session.partner.setPrices, Advice(showId: show.count == 1 ? show[0] : nil))
      try session.output.print(
        answer, lines: ["New prices in \(TermsTables.shows(answer.showCount))."])
    }
  }
}
