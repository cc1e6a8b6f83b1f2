// The frame of every command that connects: settings, session, and failures printed in one place.

import ArgumentParser

extension GlobalOptions {
  /// Runs a command's body with a session. Prints a failure and leaves with its exit code.
  /// A command that waits has no time limit unless its own command line sets one. One that is open sends
  /// no token. Only one that prints a list has CSV; others refuse it before they do anything.
  func perform(
    waits: Bool = false, isOpen: Bool = false, hasList: Bool = false,
    _ body: (Session) async throws(Failure) -> Void
  ) async throws {
    var presentation = Presentation()
    do throws(Failure) {
      let sources = try sources()
      presentation = try Presentation(sources, isTerminal: Console.isTerminal(1))
      if !hasList { try presentation.refuseCSV() }
      let settings = try ConnectionSettings(sources, isOpen: isOpen)
      let limit = settings.timeout ?? Limits.timeout
      let timeout = waits && timeout == nil ? nil : limit
      let session = try Session(settings, presentation, timeout: timeout)
      warn(settings, Output(presentation))
      try await body(session)
      await session.close()
    } catch {
      throw leave(error, presentation)
    }
  }

  private func warn(_ settings: ConnectionSettings, _ output: Output) {
    guard settings.address.isExposed else { return }
    let what = settings.token == nil ? "it" : "it, the key included"
    output.notice(
      "cleartext connection to \(settings.address.target): anyone on the way can read \(what)")
  }

  private func leave(_ failure: Failure, _ presentation: Presentation) -> ExitCode {
    Output(presentation.orAsked).failure(failure)
    return ExitCode(failure.exit.rawValue)
  }
}

extension OutputOptions {
  /// Runs a command's body that does not connect.
  func perform(_ body: (SettingSources, Output) throws(Failure) -> Void) throws {
    var presentation = Presentation()
    do throws(Failure) {
      let sources = try sources()
      presentation = try Presentation(sources, isTerminal: Console.isTerminal(1))
      try presentation.refuseCSV()
      try body(sources, Output(presentation))
    } catch {
      Output(presentation.orAsked).failure(error)
      throw ExitCode(error.exit.rawValue)
    }
  }
}

extension Presentation {
  fileprivate func refuseCSV() throws(Failure) {
    guard output == .csv else { return }
    throw Failure(
      .usage, "this command prints no list, and CSV is for lists",
      hint: "For programs there are -o json and -o jsonl.")
  }

  /// The presentation, or JSON where settings failed before it was known but the command line
  /// asks for it.
  var orAsked: Presentation {
    guard output == .table, CommandLine.arguments.asksForJSON else { return self }
    var copy = self
    copy.output = .json
    return copy
  }
}
