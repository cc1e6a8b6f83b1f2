// `usherd errors`: the catalogue of refusals, as Protos/ERRORS.md has it.

import ArgumentParser
import UsherServices

struct Errors: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what every refusal means and what to do about it, as Markdown.")

  func run() { print(ErrorCatalogue.markdown, terminator: "") }
}
