// `usher partner settlement`: what was charged and given back in a period.

import ArgumentParser
import UsherProtos

struct SettlementCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settlement",
    abstract: "States what was charged and given back on some days.",
    discussion: """
      By theatre, seller and currency; counted on the day on which money moved, whenever the show is. A \
      period that is over never changes once it is said to be final. Needs a key with the scope 'report'.

        usher partner settlement --from 2027-03-01 --to 2027-03-31 -o csv > march.csv
      """)
  @Option(
    help: ArgumentHelp("The first day, of each theatre's clock: YYYY-MM-DD.", valueName: "day"))
  var from: String
  @Option(help: ArgumentHelp("The last day; the first if left away.", valueName: "day"))
  var to: String?
  @Option(help: FilterHelp.theatre) var theatre: String?
  @Option(
    help: ArgumentHelp("Only what this partner sold; 0 for the house.", valueName: "number"))
  var seller: Int64?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    try WantedDay.validate(from)
    try WantedDay.validate(to)
  }

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      let statement = try await statement(session)
      let output = session.output
      try output.print(
        statement, items: statement.lines, SalesText.settlement(isFinal: statement.isFinal),
        sums: SalesText.sums(statement.lines))
      if !statement.isFinal {
        let until =
          statement.countedUntil.map { ": counted until \(OperatorTables.time($0))" } ?? ""
        output.notice("these days are not over and counted, the figures may change\(until)")
      }
    }
  }

  /// The whole statement; final only if each of its pages was.
  private func statement(
    _ session: Session
  ) async throws(Failure) -> Usher.V1.GetSettlementResponse {
    let request = Usher.V1.GetSettlementRequest(
      firstDay: WantedDay.text(from), lastDay: WantedDay.text(to ?? from),
      theatreId: try await session.theatreId(theatre), partnerId: seller)
    var statement = Usher.V1.GetSettlementResponse(isFinal: true)
    let isCut = try await session.pages(of: request, session.sales.getSettlement, limit: 0) {
      (page) throws(Failure) in
      statement.isFinal = statement.isFinal && page.isFinal
      statement.countedUntil = statement.countedUntil ?? page.countedUntil
      statement.lines += page.lines
    }
    guard !isCut else {
      throw Failure(.other, "the statement has too many lines: ask for one theatre at a time")
    }
    return statement
  }
}
