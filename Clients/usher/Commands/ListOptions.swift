// What all lists share: the limit, the remark about a cut list, and how filters are described.

import ArgumentParser

struct ListOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("At most this many results; 0 for all.", valueName: "count"))
  var limit = Limits.listItems

  mutating func validate() throws {
    guard limit >= 0 else { throw ValidationError("--limit cannot be negative.") }
  }

  /// Says what a list does not show.
  func remark(_ shown: Int, isCut: Bool, _ noun: String, _ output: Output) {
    if isCut {
      output.notice("these are the first \(shown) \(noun); --limit 0 lists all")
    } else if shown == 0, output.presentation.output == .table {
      output.notice("no \(noun)")
    }
  }
}

enum FilterHelp {
  static let city = ArgumentHelp("Only in this city: its id or name.", valueName: "city")
  static let theatre = ArgumentHelp("Only at this theatre: its id or name.", valueName: "theatre")
  static let movie = ArgumentHelp("Only this movie: its id or title.", valueName: "movie")
}
