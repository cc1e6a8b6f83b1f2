// `usher admin account`, `block-account`, `readmit-account`: customers' accounts, as operators see them.

import ArgumentParser
import UsherProtos

struct ShowAccount: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account", abstract: "Shows a customer's account.")
  @Argument(help: "Its id, or its e-mail address.") var account: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let isEmail = account.contains("@")
      let request = Usher.Admin.V1.GetAccountRequest(
        accountId: isEmail ? "" : account, email: isEmail ? account : "")
      let answer = try await session.read(request, session.operators.getAccount)
      try session.output.print(
        answer, lines: AccountText.lines(answer.account, session.output.style))
    }
  }
}

struct BlockAccount: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Blocks an account: its sessions end, its holds are released.",
    discussion: "Asks first when it runs in a terminal.")
  @Argument(help: "Its id.") var account: String
  @OptionGroup var danger: DangerOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let session = try danger.confirm(
        "Account \(account) loses its sessions and its holds. Go on?", session)
      let answer = try await session.set(account, .blocked)
      try session.output.print(
        answer,
        lines: AccountText.lines(answer.account, session.output.style) + [
          "holds released: \(answer.releasedHolds)"
        ])
    }
  }
}

struct ReadmitAccount: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Readmits a blocked account.")
  @Argument(help: "Its id.") var account: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let answer = try await session.set(account, .active)
      try session.output.print(
        answer, lines: AccountText.lines(answer.account, session.output.style))
    }
  }
}

extension Session {
  fileprivate func set(
    _ account: String, _ state: Usher.V1.AccountState
  ) async throws(Failure) -> Usher.Admin.V1.SetAccountStateResponse {
    try await act(.init(accountId: account, state: state), operators.setAccountState)
  }
}
