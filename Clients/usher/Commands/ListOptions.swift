// What all lists share: the limit, the remark about a cut list, and how filters are described.

import ArgumentParser
import ProtoWire

struct ListOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("At most this many results; 0 for all.", valueName: "count"))
  var limit = Limits.listItems

  mutating func validate() throws {
    guard (0...Limits.listItemsAtMost).contains(limit) else {
      throw ValidationError("--limit takes 0 to \(Limits.listItemsAtMost).")
    }
  }

  /// Asks for a list and prints it: what has lines of its own page by page, the rest when it is whole.
  func print<Request: PageRequest, Answer: Page>(
    _ noun: String, _ columns: [Column<Answer.Item>], _ session: Session,
    _ request: Request, _ call: Call<Request, Answer>
  ) async throws(Failure) {
    let output = session.output
    let isStream = output.presentation.output.isStream
    var whole = Answer()
    var count = 0
    var isFirst = true
    let isCut = try await session.pages(of: request, call, limit: limit) { (page) throws(Failure) in
      let items = page[keyPath: Answer.items]
      count += items.count
      if isStream {
        try output.print(items, columns, heading: isFirst)
      } else {
        whole[keyPath: Answer.items] += items
      }
      isFirst = false
    }
    if !isStream { try output.print(whole, items: whole[keyPath: Answer.items], columns) }
    remark(count, isCut: isCut, noun, output)
  }

  /// Says what a list does not show.
  func remark(_ shown: Int, isCut: Bool, _ noun: String, _ output: Output) {
    if isCut {
      let advice = shown < Limits.listItemsAtMost ? "--limit 0 lists all" : "there are more"
      let what = shown == 1 ? "this is the first of the" : "these are the first \(shown)"
      output.notice("\(what) \(noun); \(advice)")
    } else if shown == 0, output.presentation.output == .table {
      output.notice("no \(noun)")
    }
  }
}

/// A day as it is written on a command line.
enum WantedDay {
  /// The day for a request; empty for none.
  static func text(_ given: String?) -> String {
    guard let given else { return "" }
    return Clock.date(given) ?? (Clock.day(given) == nil ? "" : given)
  }

  static func validate(_ given: String?) throws {
    guard let given, text(given).isEmpty else { return }
    throw ValidationError("--date '\(given)' is no day; write YYYY-MM-DD, today or tomorrow.")
  }
}

enum FilterHelp {
  static let city = ArgumentHelp("Only in this city: its id or name.", valueName: "city")
  static let theatre = ArgumentHelp("Only at this theatre: its id or name.", valueName: "theatre")
  static let language = ArgumentHelp(
    "Only in this language: a tag, as en; en-GB is among en.", valueName: "language")
  static let date = ArgumentHelp(
    "Only on this day in the theatre's time zone: YYYY-MM-DD, or today or tomorrow on this machine.",
    valueName: "day")
  static let movie = ArgumentHelp(
    "Only this movie: its id or title; name:1917 is a title.", valueName: "movie")
}
