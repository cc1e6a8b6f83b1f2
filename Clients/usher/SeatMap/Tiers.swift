// The price tiers of a show as the map tells them apart: the dearest first, each with a colour.

import UsherProtos

struct Tiers {
  struct Tier {
    let name: String
    /// Nil when the show tells no price for it.
    let price: Usher.V1.Money?
  }

  let all: [Tier]
  private let positions: [String: Int]

  /// Tiers with a price, then those that only seats name.
  init(_ prices: [Usher.V1.TierPrice], seats: [Usher.V1.Seat]) {
    var tiers: [Tier] = []
    var positions: [String: Int] = [:]
    func add(_ name: String, _ price: Usher.V1.Money?) {
      guard positions.updateValue(tiers.count, forKey: name) == nil else { return }
      tiers.append(Tier(name: name, price: price))
    }
    for price in prices where positions[price.tier] == nil { add(price.tier, price.price) }
    for name in Set(seats.map(\.tier)).sorted() where positions[name] == nil { add(name, nil) }
    all = tiers
    self.positions = positions
  }

  /// A tier's place; nil for one that is not listed.
  subscript(name: String) -> Int? { positions[name] }
}
