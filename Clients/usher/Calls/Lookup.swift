// Names in place of ids: `--city Berlin`. The service filters by id; the list has the names.

import Foundation
import UsherProtos

/// A kind of thing with ids and names.
enum Lookup {
  /// What a person gives: an id or a name.
  enum Wish: Equatable {
    case id(Int64)
    case name(String)

    /// `id:1917` is an id and `name:1917` a name; without a prefix a number is an id.
    init(_ text: String) {
      if text.hasPrefix("name:") {
        self = .name(String(text.dropFirst(5)))
      } else if let id = Int64(text.hasPrefix("id:") ? text.dropFirst(3) : text[...]) {
        self = .id(id)
      } else {
        self = .name(text)
      }
    }
  }

  /// Picks the one that a person means: the same name, else the only one whose name begins with
  /// the text, else the only one that contains it; upper case and accents do not count. Of a list that
  /// is cut only the same name is sure.
  static func pick(
    _ text: String, kind: String, list: String, among all: [(id: Int64, name: String)],
    isCut: Bool = false
  ) throws(Failure) -> Int64 {
    let wanted = plain(text)
    let tests: [(String) -> Bool] = [
      { $0 == wanted }, { $0.hasPrefix(wanted) }, { $0.contains(wanted) },
    ]
    for test in isCut ? tests.prefix(1) : tests[...] {
      let found = all.filter { test(plain($0.name)) }
      if found.count == 1 { return found[0].id }
      guard found.isEmpty else { throw ambiguous(text, kind, found) }
    }
    guard !isCut else { throw ambiguous(text, kind, all) }
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
    try await id(text, "city", list: "usher cities") { (_) async throws(Failure) in
      try await all(Usher.V1.ListCitiesRequest(), catalog.listCities)
        .map { ($0.cityId, $0.name) }
    }
  }

  func theatreId(_ text: String?) async throws(Failure) -> Int64 {
    try await id(text, "theatre", list: "usher theatres") { (_) async throws(Failure) in
      try await all(Usher.V1.ListTheatresRequest(), catalog.listTheatres)
        .map { ($0.theatreId, $0.name) }
    }
  }

  /// Movies are searched for: those without shows to come are no less wanted.
  func movieId(_ text: String?) async throws(Failure) -> Int64 {
    try await id(text, "movie", list: "usher movies") { (title) async throws(Failure) in
      try await all(
        Usher.V1.SearchMoviesRequest(text: title), catalog.searchMovies, limit: Limits.pageItems
      ).map { ($0.movieId, $0.title) }
    }
  }

  private func id(
    _ text: String?, _ kind: String, list: String,
    _ all: (_ name: String) async throws(Failure) -> Listing<(id: Int64, name: String)>
  ) async throws(Failure) -> Int64 {
    guard let text else { return 0 }
    switch Lookup.Wish(text) {
    case .id(let id): return id
    case .name(let name):
      let found = try await all(name)
      return try Lookup.pick(
        name, kind: kind, list: list + settings.repeatedFlags, among: found.items,
        isCut: found.isCut)
    }
  }
}
