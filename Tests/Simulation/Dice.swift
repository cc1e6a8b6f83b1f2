// Where all chance of a simulation comes from: one seed, one sequence.

/// SplitMix64. The same seed gives the same throws on every machine.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// True in so many of a hundred cases.
  mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.randomElement(using: &self)
  }

  /// One of several, each as often as its weight says.
  mutating func pick<Element>(weighted elements: [(weight: Int, Element)]) -> Element? {
    var throwing = number(0..<max(1, elements.reduce(0) { $0 + $1.weight }))
    for (weight, element) in elements {
      throwing -= weight
      if throwing < 0 { return element }
    }
    return nil
  }
}
