// `usher account`: a customer's own account, from signing up to leaving.

import ArgumentParser
import Foundation
import UsherProtos

struct Account: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A customer's own account.",
    discussion: """
      Passwords come from USHER_PASSWORD or --password-file, never from a flag. 'log-in' prints an \
      access token, fit for a --token-file, and says where the refresh token goes.
      """,
    subcommands: [
      SignUp.self, LogIn.self, Refresh.self, LogOut.self, Profile.self, Bookings.self,
      UpdateProfile.self, ChangePassword.self, Close.self,
    ], defaultSubcommand: Profile.self)

  struct SignUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes an account.")
    @Argument(help: "E-mail address.") var email: String
    @Option(help: "Telephone number, as +32471234567.") var phone = ""
    @Option(help: "What to be called.") var name = ""
    @OptionGroup var password: PasswordOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(isOpen: true) { (session) throws(Failure) in
        let request = Usher.V1.SignUpRequest(
          email: email, password: try password.read(), phone: phone, name: name)
        let answer = try await session.act(request, session.accounts.signUp)
        try session.output.print(
          answer, lines: AccountText.lines(answer.account, session.output.style))
      }
    }
  }

  struct LogIn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Opens a session and prints its access token.")
    @Argument(help: "E-mail address.") var email: String
    @OptionGroup var password: PasswordOptions
    @OptionGroup var refresh: RefreshOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(isOpen: true) { (session) throws(Failure) in
        try refresh.prepare()
        let request = Usher.V1.LogInRequest(email: email, password: try password.read())
        let answer = try await session.act(request, session.accounts.logIn)
        let tokens = answer.tokens ?? .init()
        try refresh.keep(tokens, session.output)
        try session.output.print(answer, lines: [session.output.style.clean(tokens.accessToken)])
      }
    }
  }

  struct Refresh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes the kept refresh token for the next pair, and prints the access token.")
    @OptionGroup var refresh: RefreshOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard refresh.refreshFile != nil else { throw ValidationError("--refresh-file is needed.") }
    }

    func run() async throws {
      try await global.perform(isOpen: true) { (session) throws(Failure) in
        try refresh.prepare()
        let request = Usher.V1.RefreshSessionRequest(refreshToken: try refresh.read())
        let answer = try await session.act(request, session.accounts.refreshSession)
        let tokens = answer.tokens ?? .init()
        try refresh.keep(tokens, session.output)
        try session.output.print(answer, lines: [session.output.style.clean(tokens.accessToken)])
      }
    }
  }

  struct LogOut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends the session of the token.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.act(.init(), session.accounts.logOut)
        try session.output.print(answer, lines: ["Logged out."])
      }
    }
  }

  struct Bookings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists one's own bookings, newest first.")
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "bookings", AccountText.bookings, session, Usher.V1.ListBookingsRequest(),
          session.bookings.listBookings)
      }
    }
  }

  struct Profile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the account.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.read(.init(), session.accounts.getProfile)
        try session.output.print(
          answer, lines: AccountText.lines(answer.account, session.output.style))
      }
    }
  }
}

extension Account {
  struct UpdateProfile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "update", abstract: "Changes what is given of the account.")
    @Option(help: "E-mail address.") var email: String?
    @Option(help: "Telephone number, as +32471234567; empty for none.") var phone: String?
    @Option(help: "What to be called.") var name: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard email != nil || phone != nil || name != nil else {
        throw ValidationError("--email, --phone or --name: one of them must be given.")
      }
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let fields = [("email", email), ("phone", phone), ("name", name)]
        let request = Usher.V1.UpdateProfileRequest(
          account: .init(email: email ?? "", phone: phone ?? "", name: name ?? ""),
          updateMask: .init(paths: fields.filter { $0.1 != nil }.map(\.0)))
        let answer = try await session.act(request, session.accounts.updateProfile)
        try session.output.print(
          answer, lines: AccountText.lines(answer.account, session.output.style))
      }
    }
  }

  struct ChangePassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes the password and ends all other sessions.",
      discussion: "The new one comes from USHER_NEW_PASSWORD or --new-password-file.")
    @OptionGroup var password: PasswordOptions
    @Option(help: ArgumentHelp("File with the new password.", valueName: "file"))
    var newPasswordFile: String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let new = try PasswordOptions.read(
          newPasswordFile, variable: "USHER_NEW_PASSWORD", flag: "--new-password-file")
        let request = Usher.V1.ChangePasswordRequest(
          password: try password.read(), newPassword: new)
        let answer = try await session.act(request, session.accounts.changePassword)
        try session.output.print(answer, lines: ["The password is changed."])
      }
    }
  }

  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Closes the account for good and erases what is personal.")
    @Flag(name: .shortAndLong, help: "Needed: there is no way back.") var yes = false
    @OptionGroup var password: PasswordOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
      guard yes else { throw ValidationError("There is no way back: say --yes.") }
    }

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.CloseAccountRequest(password: try password.read())
        let answer = try await session.act(request, session.accounts.closeAccount)
        try session.output.print(answer, lines: ["The account is closed."])
      }
    }
  }
}
