// `usher partner add-on`: the food and other add-ons that one's own theatres sell with their seats.

import ArgumentParser
import UsherProtos

struct AddOnCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-on", abstract: "Makes, changes, ends and lists food and other add-ons.",
    discussion: """
      Sellers attach them to the seats of a hold, at the price of then; what bookings have stays as it was.

        usher partner add-on create 1 Popcorn --price 4.50 --currency EUR --category Food --most 4
      """,
    subcommands: [Create.self, Update.self, End.self, List.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes an add-on of a theatre.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @Argument(help: "Its name, as quotes print it.") var title: String
    @OptionGroup var terms: AddOnOptions
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        var addOn = try terms.addOn(title)
        addOn.theatreId = theatre
        let wish = Usher.V1.CreateAddOnRequest(addOn: addOn, requestId: request.id)
        let answer = try await session.change(wish, session.partner.createAddOn)
        try session.output.print(
          answer,
          lines: [
            "Add-on \(answer.addOnId).",
            "  next: usher partner add-on list \(theatre)" + session.settings.repeatedFlags,
          ])
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives an add-on other terms, all of them.")
    @Argument(help: "The add-on's id.") var addOn: Int64
    @Argument(help: "Its name, as quotes print it.") var title: String
    @OptionGroup var terms: AddOnOptions
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        var changed = try terms.addOn(title)
        changed.addOnId = addOn
        let wish = Usher.V1.UpdateAddOnRequest(addOn: changed, requestId: request.id)
        let answer = try await session.change(wish, session.partner.updateAddOn)
        try session.output.print(answer, lines: ["Add-on \(addOn) is \(changed.title) now."])
      }
    }
  }

  struct End: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends an add-on for good.")
    @Argument(help: "The add-on's id.") var addOn: Int64
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.change(
          .init(addOnId: addOn, requestId: request.id), session.partner.endAddOn)
        try session.output.print(answer, lines: ["Add-on \(addOn) has ended."])
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the add-ons of a theatre.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @Flag(help: "Ended ones too.") var ended = false
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "add-ons", AddOnTables.managed, session,
          Usher.V1.ListOwnAddOnsRequest(theatreId: theatre, withEnded: ended),
          session.partner.listOwnAddOns)
      }
    }
  }
}

/// What an add-on is, as flags.
struct AddOnOptions: ParsableArguments {
  @Option(help: ArgumentHelp("What one of it costs, as 4.50.", valueName: "amount"))
  var price: String
  @Option(help: ArgumentHelp("ISO 4217 code, as EUR: that of the shows.", valueName: "code"))
  var currency: String
  @Option(help: "What kind of thing it is, as Drinks.") var category = ""
  @Option(help: ArgumentHelp("Most of it that a seat can have, 1 to 20.", valueName: "count"))
  var most: Int32 = 0

  func addOn(_ title: String) throws(Failure) -> Usher.V1.AddOn {
    .init(
      title: title, category: category, price: try .init(amount: price, currency),
      mostPerSeat: most)
  }
}
