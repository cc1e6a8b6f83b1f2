// `usher partner theatre close` and `usher partner auditorium close`: what is no more.

import ArgumentParser
import UsherProtos

extension TheatreCommand {
  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Closes a theatre for good; it must have no shows to come.",
      discussion: "Asks first when it runs in a terminal.")
    @Argument(help: "The theatre's id.") var theatre: Int64
    @OptionGroup var danger: DangerOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let session = try danger.confirm(
          "Close theatre \(theatre) for good?", session)
        let answer = try await session.act(
          Usher.V1.CloseTheatreRequest(theatreId: theatre), session.partner.closeTheatre)
        try session.output.print(answer, lines: ["Theatre \(theatre) is closed."])
      }
    }
  }
}

extension AuditoriumCommand {
  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Closes an auditorium for good; it must have no shows to come.",
      discussion: "Asks first when it runs in a terminal.")
    @Argument(help: "The auditorium's id.") var auditorium: Int64
    @OptionGroup var danger: DangerOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let session = try danger.confirm(
          "Close auditorium \(auditorium) for good?", session)
        let answer = try await session.act(
          Usher.V1.CloseAuditoriumRequest(auditoriumId: auditorium),
          session.partner.closeAuditorium)
        try session.output.print(answer, lines: ["Auditorium \(auditorium) is closed."])
      }
    }
  }
}
