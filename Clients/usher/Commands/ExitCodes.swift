// `usher exit-codes` and, the same text, `usher help exit-codes`.

import ArgumentParser

struct ExitCodes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exit-codes", abstract: "Explains the exit codes.", discussion: table)

  static let table = Exit.allCases
    .map { TextWidth.pad("\($0.rawValue)", 5, toRight: true) + "  " + $0.meaning }
    .joined(separator: "\n")

  func run() throws {
    do throws(Failure) {
      try Console.write(Self.table + "\n")
    } catch {
      throw ExitCode(error.exit.rawValue)
    }
  }
}
