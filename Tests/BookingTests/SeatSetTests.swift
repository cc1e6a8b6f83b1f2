// Sets of seats against Swift's own sets, at and around the borders of words.

import Testing

@testable import Booking

@Suite struct SeatSetTests {
  @Test(arguments: [1, 63, 64, 65, 128, 200])
  func theSetsAgree(capacity: Int) {
    var random = SplitMix(state: UInt64(capacity))
    var (set, other) = (SeatSet(capacity: capacity), SeatSet(capacity: capacity))
    var (model, otherModel): (Set<Int>, Set<Int>) = ([], [])
    for _ in 0..<capacity * 4 {
      let seat = Int.random(in: 0..<capacity, using: &random)
      if Bool.random(using: &random) {
        #expect(set.insert(seat) == model.insert(seat).inserted)
      } else {
        #expect(set.remove(seat) == (model.remove(seat) != nil))
      }
      let added = Int.random(in: 0..<capacity, using: &random)
      other.insert(added)
      otherModel.insert(added)
      #expect(Array(set) == model.sorted())
      #expect(set.count == model.count)
      #expect(set.isEmpty == model.isEmpty)
      #expect(set.contains(seat) == model.contains(seat))
      #expect(Array(set.union(other)) == model.union(otherModel).sorted())
      #expect(Array(set.subtracting(other)) == model.subtracting(otherModel).sorted())
    }
  }

  @Test func wordsHoldSixtyFourSeats() {
    let set = SeatSet([0, 63, 64, 129], capacity: 130)
    let ends: UInt64 = 1 << 63 | 1
    #expect(set.wordCount == 3)
    #expect((0..<3).map { set[word: $0] } == [ends, 1, 2])
    #expect(set.words(from: 0) == UInt128(1) << 64 | UInt128(ends))
    #expect(set.words(from: -1) == UInt128(ends) << 64)
    #expect(set.words(from: 2) == UInt128(2))
  }
}

/// SplitMix64: small, fast, and the same on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
