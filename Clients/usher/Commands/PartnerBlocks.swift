// `usher partner block`, `unblock` and `blocks`: seats that a theatre withdraws from sale.

import ArgumentParser
import UsherProtos

struct BlockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "block", abstract: "Withdraws free seats of a show: all of them or none.")
  @Argument(help: "The show's id.") var show: Int64
  @Argument(help: "Labels of the seats.") var seats: [String]
  @Option(help: "Why, for people.") var reason = ""
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let wish = Usher.V1.BlockSeatsRequest(
        showId: show, seats: seats, reason: reason, requestId: request.id)
      let answer = try await session.change(wish, session.partner.blockSeats, Advice(showId: show))
      try session.output.print(
        answer,
        lines: [
          "Withdrawn as of version \(answer.version).",
          "  next: usher partner blocks \(show)" + session.settings.repeatedFlags,
        ])
    }
  }
}

struct UnblockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock", abstract: "Gives withdrawn seats back; those who wait get them first.")
  @Argument(help: "The show's id.") var show: Int64
  @Argument(help: "Labels of the seats.") var seats: [String]
  @OptionGroup var request: RequestOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let wish = Usher.V1.UnblockSeatsRequest(showId: show, seats: seats, requestId: request.id)
      let answer = try await session.change(
        wish, session.partner.unblockSeats, Advice(showId: show))
      try session.output.print(answer, lines: ["Given back as of version \(answer.version)."])
    }
  }
}

struct BlocksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "blocks", abstract: "Lists the withdrawn seats of a show, and why they are.")
  @Argument(help: "The show's id.") var show: Int64
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let answer = try await session.read(
        .init(showId: show), session.partner.listBlockedSeats, Advice(showId: show))
      try session.output.print(
        answer, items: answer.blocks,
        TermsTables.blocks)
      if answer.blocks.isEmpty { session.output.notice("no seat is withdrawn") }
    }
  }
}
