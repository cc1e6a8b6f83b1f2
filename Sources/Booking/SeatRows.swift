// A layout's seats as they stand beside each other, worked out once so that every question about
// neighbours is a look-up. Knows nothing of sales: which seats are free is always an argument.

/// Who stands beside whom in a layout.
///
/// A seat is an index of `SeatLayout.seats`, a *place* its index in the order line by line from the
/// stage, each line from left to right. Beside means on the same line of the grid, one column away:
/// neighbours have neighbouring places, so that a run of seats is a run of bits.
package final class SeatRows: Sendable {
  /// For each seat the one at its left, or −1.
  package let left: [Int32]
  /// For each seat the one at its right, or −1.
  package let right: [Int32]
  /// For each seat its place.
  let place: [Int32]
  /// For each seat its tier's index in `SeatLayout.tiers`.
  let tier: [UInt8]
  /// For each place its seat.
  let seat: [Int32]
  /// For each place its column and its line.
  let column, line: [Int32]
  /// For each place the square of its distance to the focal point, in hundredths of a step. As a
  /// floating-point number it is exact for every sensible focal point and overflows for none.
  let distance: [Double]
  /// Places of wheelchairs and companions.
  let reserved: SeatSet
  /// Places with a restricted view.
  let restricted: SeatSet
  /// Places that stand beside the place before.
  let joined: SeatSet
  /// Places that stand beside the place before and are of its tier.
  let joinedInTier: SeatSet
  /// By tier, its places.
  let tierPlaces: [SeatSet]
  /// True when places and seats are the same numbers, as they are in most layouts.
  private let isInPlaceOrder: Bool

  /// Works out a layout's neighbours.
  package init(_ layout: SeatLayout) {
    let seats = layout.seats
    let order = seats.indices.sorted { (seats[$0].y, seats[$0].x) < (seats[$1].y, seats[$1].x) }
    let placed = order.map { seats[$0] }
    let joined = Self.places(placed) { place, seat in
      place > 0 && placed[place - 1].y == seat.y && placed[place - 1].x + 1 == seat.x
    }
    var left = Array(repeating: Int32(-1), count: seats.count)
    var right = left
    var places = left
    for (place, seat) in order.enumerated() {
      places[seat] = Int32(place)
      guard joined.contains(place) else { continue }
      left[seat] = Int32(order[place - 1])
      right[order[place - 1]] = Int32(seat)
    }
    self.left = left
    self.right = right
    place = places
    seat = order.map(Int32.init)
    column = placed.map(\.x)
    line = placed.map(\.y)
    distance = placed.map { Self.distance($0, to: layout.focalPoint) }
    reserved = Self.places(placed) { !$1.attributes.isDisjoint(with: [.wheelchair, .companion]) }
    restricted = Self.places(placed) { $1.attributes.contains(.restrictedView) }
    self.joined = joined
    joinedInTier = Self.places(placed) { joined.contains($0) && placed[$0 - 1].tier == $1.tier }
    tierPlaces = layout.tiers.map { tier in Self.places(placed) { $1.tier == tier } }
    let tiers = Dictionary(uniqueKeysWithValues: zip(layout.tiers, UInt8(0)...))
    tier = seats.map { tiers[$0.tier] ?? 0 }
    isInPlaceOrder = order.elementsEqual(seats.indices)
  }

  private static func places(
    _ seats: [LayoutSeat], where isIn: (Int, LayoutSeat) -> Bool
  ) -> SeatSet {
    SeatSet(seats.indices.filter { isIn($0, seats[$0]) }, capacity: seats.count)
  }

  private static func distance(_ seat: LayoutSeat, to point: FocalPoint) -> Double {
    let x = Double(seat.x) * 100 - Double(point.xHundredths)
    let y = Double(seat.y) * 100 - Double(point.yHundredths)
    return x * x + y * y
  }

  /// A set of seats as the set of their places.
  func places(of seats: SeatSet) -> SeatSet {
    if isInPlaceOrder { return seats }
    return SeatSet(seats.lazy.map { Int(self.place[$0]) }, capacity: seats.capacity)
  }

  /// The seats at some places.
  func seats(at places: Range<Int>) -> [Int] {
    seat[places].map(Int.init)
  }
}

/// Some of a layout's tiers; the bits are indices of `SeatLayout.tiers`.
package struct TierSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Every tier.
  package static let all = TierSet(rawValue: .max)

  /// The tier at one index.
  init(tier: UInt8) { rawValue = 1 << UInt32(tier) }
}

extension SeatLayout {
  /// The tiers with these names; names that the layout does not have stand for none.
  package func tiers(named names: some Sequence<String>) -> TierSet {
    names.reduce(into: TierSet()) { set, name in
      guard let index = tiers.firstIndex(of: name) else { return }
      set.insert(TierSet(tier: UInt8(index)))
    }
  }
}
