// `usher sandbox advance`: time that passes in one's own theatres of a sandbox.

import ArgumentParser
import UsherProtos

extension SandboxCommand {
  struct Advance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets time pass in one's own theatres.",
      discussion: """
        Everything there moves nearer by so much: holds, shows, offers, what is set aside, those who wait.

          usher sandbox advance 10m
          usher sandbox advance 3d
        """)
    @Argument(help: ArgumentHelp("By how much: 30s, 10m, 2h, 3d.", valueName: "time"))
    var by: Span
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.change(
          .init(by: by.proto, requestId: request.id), session.sandbox.advanceClock)
        try session.output.print(
          answer,
          lines: [
            "\(answer.showCount) shows are nearer; the clock is ahead by "
              + "\(SandboxText.span(answer.ahead ?? .init())).",
            "  next: usher sandbox" + session.settings.repeatedFlags,
          ])
      }
    }
  }
}
