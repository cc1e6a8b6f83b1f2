// What tells nodes that a show's waiting list is another now. They read what it is.

/// One committed transaction changed the line for a show.
package struct QueueChange: Hashable, Sendable {
  /// The lane of the show's theatre.
  package let lane: Int16
  /// The show.
  package let showID: Int64
  /// The version of the line that was reached.
  package let version: Int64

  /// A change of a line.
  package init(lane: Int16, showID: Int64, version: Int64) {
    self.lane = lane
    self.showID = showID
    self.version = version
  }
}
