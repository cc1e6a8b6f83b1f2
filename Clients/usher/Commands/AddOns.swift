// `usher add-ons` and `usher attach`: food and other add-ons of a show's theatre, and giving them to the
// seats of a hold.

import ArgumentParser
import UsherProtos

struct AddOns: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-ons",
    abstract: "Lists the food and other add-ons that bookings of a show can have.")

  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "add-ons", AddOnTables.addOns, session, Usher.V1.ListAddOnsRequest(showId: show),
        session.catalog.listAddOns)
    }
  }
}

struct Attach: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gives the seats of a hold add-ons, instead of those that they had.",
    discussion: """
      An add-on is named by its id or title, of which 'usher add-ons SHOW' lists those that there are.

        usher attach BOOKING F12=popcorn:2 F13=7
        usher attach BOOKING --none
      """)

  @Argument(help: "The booking's id.") var booking: String
  @Argument(
    help: ArgumentHelp("SEAT=ADD-ON or SEAT=ADD-ON:COUNT; all that the seats shall have."))
  var items: [WantedAddOn] = []
  @Flag(help: "Takes all of them away.") var none = false
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard items.isEmpty == none else {
      throw ValidationError("Name add-ons, or --none.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let wanted = Usher.V1.SetAddOnsRequest(
        bookingId: booking, items: try await session.messages(items, booking), requestId: request.id
      )
      let response = try await session.change(
        wanted, session.bookings.setAddOns, Advice(bookingId: booking))
      try session.output.print(
        response,
        lines: BookingText.held(
          response.booking ?? .init(), session.settings.asker, session.output.style))
    }
  }
}

/// An add-on for a seat, as people write it: `F12=popcorn:2`.
struct WantedAddOn: ExpressibleByArgument {
  let seat: String
  /// An id, or a title.
  let name: String
  let count: Int32

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    var (name, count) = (parts[1], Int32(1))
    // A title may have a colon too.
    if let colon = name.lastIndex(of: ":"), let number = Int32(name[colon...].dropFirst()) {
      (name, count) = (name[..<colon], number)
    }
    seat = String(parts[0])
    (self.name, self.count) = (String(name), count)
  }
}

extension Session {
  /// What is wanted by ids. Titles are looked up, which needs the booking's show.
  fileprivate func messages(
    _ items: [WantedAddOn], _ booking: String
  ) async throws(Failure) -> [Usher.V1.AddOnItem] {
    var menu: [(id: Int64, name: String)] = []
    var show: Int64 = 0
    if items.contains(where: { Int64($0.name) == nil }) {
      show = try await self.booking(booking).showId
      menu = try await all(Usher.V1.ListAddOnsRequest(showId: show), catalog.listAddOns).items
        .map { ($0.addOnId, $0.title) }
    }
    var messages: [Usher.V1.AddOnItem] = []
    let list = "usher add-ons \(show)\(settings.repeatedFlags)"
    for item in items {
      let id: Int64
      if let given = Int64(item.name) {
        id = given
      } else {
        id = try Lookup.pick(item.name, kind: "add-on", list: list, among: menu)
      }
      messages.append(.init(seat: item.seat, addOnId: id, count: item.count))
    }
    return messages
  }
}
