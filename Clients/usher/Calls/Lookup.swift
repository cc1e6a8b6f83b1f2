// Names in place of ids: `--city Berlin`. The service filters by id; the list has the names.

import Foundation
import UsherProtos

/// A kind of thing with ids and names.
enum Lookup {
  /// Picks the one that a person means: the same name, else the only one whose name begins with
  /// the text, else the only one that contains it; upper case and accents do not count.
  static func pick(
    _ text: String, kind: String, list: String, among all: [(id: Int64, name: String)]
  ) throws(Failure) -> Int64 {
    let wanted = plain(text)
    let tests: [(String) -> Bool] = [
      { $0 == wanted }, { $0.hasPrefix(wanted) }, { $0.contains(wanted) },
    ]
    for test in tests {
      let found = all.filter { test(plain($0.name)) }
      if found.count == 1 { return found[0].id }
      guard found.isEmpty else { throw ambiguous(text, kind, found) }
    }
    throw Failure(.notFound, "there is no \(kind) '\(text)'", next: list)
  }

  private static func ambiguous(
    _ text: String, _ kind: String, _ found: [(id: Int64, name: String)]
  ) -> Failure {
    let names = found.prefix(5).map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
    let more = found.count > 5 ? " and \(found.count - 5) more" : ""
    return Failure(
      .usage, "'\(text)' may be any of several: \(names)\(more)",
      hint: "Give the id of the \(kind).")
  }

  private static func plain(_ text: String) -> String {
    text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
  }
}

extension Session {
  /// Ids of `--city`, `--movie`, `--theatre`; 0 where the option is absent.
  func cityId(_ text: String?) async throws(Failure) -> Int64 {
    guard let text else { return 0 }
    if let id = Int64(text) { return id }
    let all = try await cities(limit: 0).items.map { ($0.cityId, $0.name) }
    return try Lookup.pick(
      text, kind: "city", list: "usher cities\(settings.repeatedFlags)", among: all)
  }

  func theatreId(_ text: String?) async throws(Failure) -> Int64 {
    guard let text else { return 0 }
    if let id = Int64(text) { return id }
    let all = try await theatres(Usher.V1.ListTheatresRequest(), limit: 0).items
    return try Lookup.pick(
      text, kind: "theatre", list: "usher theatres\(settings.repeatedFlags)",
      among: all.map { ($0.theatreId, $0.name) })
  }

  func movieId(_ text: String?) async throws(Failure) -> Int64 {
    guard let text else { return 0 }
    if let id = Int64(text) { return id }
    let all = try await movies(Usher.V1.ListMoviesRequest(), limit: 0).items
    return try Lookup.pick(
      text, kind: "movie", list: "usher movies\(settings.repeatedFlags)",
      among: all.map { ($0.movieId, $0.title) })
  }
}
