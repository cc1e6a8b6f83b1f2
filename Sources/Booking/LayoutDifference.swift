// What changes from one layout to the next, and how seats keep their numbers. A label stands for a chair:
// the same label is the same chair, wherever it stands now.

/// What changes from one layout to another; labels in the order of the new layout, removed ones in that
/// of the old.
package struct LayoutDifference: Equatable, Sendable {
  /// Seats that there were not.
  package let added: [String]
  /// Seats that there are no more.
  package let removed: [String]
  /// Seats in another place or row.
  package let moved: [String]
  /// Seats in another tier.
  package let retiered: [String]
  /// Seats with other attributes.
  package let altered: [String]
  /// Whether the grid or the point of the best view is another.
  package let isGridChanged: Bool

  /// Compares; all seats are new where there was no layout.
  package init(from old: SeatLayout?, to new: SeatLayout) {
    let kept = new.seats.compactMap { seat in
      old?.seat(label: seat.label).map { (before: $0, after: seat) }
    }
    added = new.seats.filter { old?.seat(label: $0.label) == nil }.map(\.label)
    removed = (old?.seats ?? []).filter { new.seat(label: $0.label) == nil }.map(\.label)
    moved = kept.filter {
      ($0.x, $0.y, $0.row) != ($1.x, $1.y, $1.row)
    }.map(\.after.label)
    retiered = kept.filter { $0.tier != $1.tier }.map(\.after.label)
    altered = kept.filter { $0.attributes != $1.attributes }.map(\.after.label)
    isGridChanged =
      (old?.columns, old?.lines) != (new.columns, new.lines) || old?.focalPoint != new.focalPoint
  }

  /// Whether the layouts are the same.
  package var isEmpty: Bool {
    added.isEmpty && removed.isEmpty && moved.isEmpty && retiered.isEmpty && altered.isEmpty
      && !isGridChanged
  }
}

extension SeatLayout {
  /// The layout with the numbers that its labels have had; each new label gets one that none has had, in
  /// the order of the present numbers. Nil when there are not as many.
  package func renumbered(_ known: [String: Int32]) -> SeatLayout? {
    var used: Set<Int32> = []
    var next = (known.values.max() ?? 0) &+ 1
    var renumbered: [LayoutSeat] = []
    renumbered.reserveCapacity(seats.count)
    for seat in seats {
      var number = known[seat.label] ?? next
      // Two labels may have had one number in different versions: the later of them here gets another.
      if known[seat.label] == nil || !used.insert(number).inserted {
        number = next
        next &+= 1
      }
      guard number < Int32(Limits.seatsPerLayout) else { return nil }
      renumbered.append(
        LayoutSeat(
          number: number, label: seat.label, row: seat.row, x: seat.x, y: seat.y, tier: seat.tier,
          attributes: seat.attributes))
    }
    return try? SeatLayout(
      columns: columns, lines: lines, focalPoint: focalPoint, seats: renumbered)
  }
}
