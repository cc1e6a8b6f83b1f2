// What time it is on the database, as far as a node can know without asking. An estimate decides,
// the database judges: a wrong one costs a repetition, never a wrong sale.

import Reactor

/// The database's time, carried on from its latest answer by the node's own steady clock.
struct DatabaseClock {
  private var answer: (time: Int64, at: LoopInstant)?

  /// Takes note of a time that the database told just now, in microseconds since 1970.
  mutating func note(_ time: Int64, at instant: LoopInstant) {
    answer = (time, instant)
  }

  /// The estimate for an instant; nil before the first answer.
  func estimate(at instant: LoopInstant) -> Int64? {
    guard let answer else { return nil }
    let (seconds, attoseconds) = (instant - answer.at).components
    return answer.time + seconds * 1_000_000 + attoseconds / 1_000_000_000_000
  }
}
