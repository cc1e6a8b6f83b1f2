// `usher partner allocation`: what is set aside of a show for one partner.

import ArgumentParser
import UsherProtos

struct AllocationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allocation",
    abstract: "Sets seats aside for one partner until a time, and returns them.",
    discussion: """
      Until then only that partner can hold them; then they are anybody's again by themselves. For the
      theatre's own counter, name its own partner.

        usher partner allocation create 7 A1 A2 --partner 3 --until 2027-03-28T18:00:00Z
        usher partner allocation create 7 --tier GOLD --count 30 --partner 3 --until 2027-03-28T18:00:00Z
      """,
    subcommands: [Create.self, End.self, List.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sets seats, or so many of a tier, aside.")
    @Argument(help: "The show's id.") var show: Int64
    @Argument(help: "Labels of the seats.") var seats: [String] = []
    @Option(help: "Or: seats of this tier, whichever.") var tier = ""
    @Option(help: ArgumentHelp("So many of them.", valueName: "number")) var count: Int32 = 0
    @Option(help: ArgumentHelp("Who may sell them.", valueName: "number")) var partner: Int64
    @Option(
      help: ArgumentHelp("When they return, as 2027-03-28T18:00:00Z.", valueName: "time"),
      transform: Moment.init)
    var until: Moment
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard seats.isEmpty ? !tier.isEmpty && count > 0 : tier.isEmpty && count == 0 else {
        throw ValidationError("Name seats, or a --tier and a --count.")
      }
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let wish = Usher.V1.CreateAllocationRequest(
          showId: show, partnerId: partner, seats: seats, tier: tier, count: count,
          returnsAt: until.timestamp, requestId: request.id)
        let answer = try await session.change(
          wish, session.partner.createAllocation, Advice(showId: show))
        try session.output.print(
          answer,
          lines: [
            "Allocation \(answer.allocationId).",
            "  next: usher partner allocation list \(show)" + session.settings.repeatedFlags,
          ])
      }
    }
  }

  struct End: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Returns what was set aside before its time.")
    @Argument(help: "The allocation's id.") var allocation: Int64
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.change(
          .init(allocationId: allocation, requestId: request.id), session.partner.endAllocation)
        try session.output.print(answer, lines: ["Allocation \(allocation) has returned."])
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists what is and was set aside of a show.")
    @Argument(help: "The show's id.") var show: Int64
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "allocations", TermsTables.allocations, session,
          Usher.V1.ListAllocationsRequest(showId: show), session.partner.listAllocations)
      }
    }
  }
}
