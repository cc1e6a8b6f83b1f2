// The question before damage is done, asked of whoever sits at a terminal, and `--yes`, which spares it.

import ArgumentParser

struct DangerOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

  /// Whether there is someone to ask who has not agreed.
  var mayAsk: Bool { !yes && Console.isTerminal(0) && Console.isTerminal(2) }

  /// Throws for rows from standard input, which leave nobody to ask, unless they are agreed to.
  func checkRows(of file: String) throws {
    guard file != "-" || yes else {
      throw ValidationError("Rows from standard input leave nobody to ask: - needs --yes.")
    }
  }

  /// Asks, where there is someone to ask, and throws unless the answer is yes. Returns the session
  /// with all its time: none is spent on thinking.
  func confirm(_ question: String, _ session: Session) throws(Failure) -> Session {
    guard mayAsk else { return session }
    Console.error(session.output.style.clean(question) + " [y/N] ")
    Signals.setFarewell("usher: nothing was changed")
    defer { Signals.setFarewell(nil) }
    guard ["y", "yes"].contains(readLine()?.lowercased() ?? "") else {
      throw Failure(.cancelledByUser, "nothing was changed")
    }
    return session.withAllItsTime
  }
}
