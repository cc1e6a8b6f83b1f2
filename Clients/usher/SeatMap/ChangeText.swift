// Events of a watched show in words.

import UsherProtos

enum ChangeText {
  /// `held F12 F13; free A1`: seats by their new state, states in order of the service.
  static func seats(_ change: Usher.V1.SeatMapChange) -> String {
    let byState = Dictionary(grouping: change.seats, by: \.state.rawValue)
    return byState.sorted { $0.key > $1.key }.map { _, seats in
      (seats.first?.state.word ?? "") + " " + seats.map(\.label).joined(separator: " ")
    }.joined(separator: "; ")
  }

  /// One line for an event: its kind, the version reached with it, what it says.
  static func line(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) -> String? {
    switch event.event {
    case .snapshot(let snapshot):
      let note = snapshot.resumeImpossible ? " (changes before it may have been missed)" : ""
      return "snapshot  v\(snapshot.version)  \(map.countsText)\(note)"
    case .change(let change): return "change    v\(change.version)  \(seats(change))"
    case .bookmark(let bookmark): return "bookmark  v\(bookmark.version)"
    case nil: return nil
    }
  }
}
