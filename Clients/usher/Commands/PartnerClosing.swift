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
        let session = try danger.confirm(try await question(session), session)
        let answer = try await session.act(
          Usher.V1.CloseTheatreRequest(theatreId: theatre), session.partner.closeTheatre,
          Advice(theatreId: theatre))
        try session.output.print(answer, lines: ["Theatre \(theatre) is closed."])
      }
    }

    /// What would be closed, for someone who is asked.
    private func question(_ session: Session) async throws(Failure) -> String {
      guard danger.mayAsk else { return "" }
      do throws(Failure) {
        let found = try await session.read(
          Usher.V1.GetOwnTheatreRequest(theatreId: theatre), session.partner.getOwnTheatre
        ).theatre
        let name = [found?.name ?? "", found?.city?.name ?? ""].filter { !$0.isEmpty }
        return "Close theatre \(theatre) (\(name.joined(separator: ", "))) for good?"
      } catch {
        // One that is closed is told no more; whether it may be closed again is the server's to say.
        guard [.auth, .notFound].contains(error.exit) else { throw error }
        return "Close theatre \(theatre) for good?"
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
