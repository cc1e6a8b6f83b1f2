// A set of a layout's seats as bits, 64 to a word. Knows nothing of what a seat is.

/// Seats by their index in `SeatLayout.seats`. Sets that meet in one operation are of one layout.
package struct SeatSet: Hashable, Sendable {
  /// How many seats the layout has: every index is below.
  package let capacity: Int
  /// Bits beyond the capacity are never set.
  private var words: [UInt64]

  /// No seat of a layout with so many.
  package init(capacity: Int) {
    self.capacity = capacity
    words = Array(repeating: 0, count: (capacity + 63) / 64)
  }

  /// Some seats of a layout with so many.
  package init(_ seats: some Sequence<Int>, capacity: Int) {
    self.init(capacity: capacity)
    for seat in seats { insert(seat) }
  }

  /// Adds a seat; false when the set had it.
  @discardableResult
  package mutating func insert(_ seat: Int) -> Bool {
    precondition(seat >= 0 && seat < capacity, "no seat of the layout")
    let bit = UInt64(1) << UInt64(seat & 63)
    defer { words[seat >> 6] |= bit }
    return words[seat >> 6] & bit == 0
  }

  /// Takes a seat out; false when the set did not have it.
  @discardableResult
  package mutating func remove(_ seat: Int) -> Bool {
    precondition(seat >= 0 && seat < capacity, "no seat of the layout")
    let bit = UInt64(1) << UInt64(seat & 63)
    defer { words[seat >> 6] &= ~bit }
    return words[seat >> 6] & bit != 0
  }

  /// True when the set has a seat of the layout.
  package func contains(_ seat: Int) -> Bool {
    words[seat >> 6] & UInt64(1) << UInt64(seat & 63) != 0
  }

  /// How many seats the set has; counts words, not seats.
  package var count: Int {
    words.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// True when the set has no seat.
  package var isEmpty: Bool {
    words.allSatisfy { $0 == 0 }
  }

  /// How many words there are.
  package var wordCount: Int { words.count }

  /// Seats 64 × `index` and the 63 after it, the first in the lowest bit.
  package subscript(word index: Int) -> UInt64 { words[index] }

  /// The word at an index and, above it, the next; beyond either end no seat is set.
  func words(from index: Int) -> UInt128 {
    let low = words.indices.contains(index) ? words[index] : 0
    let high = index + 1 < words.count ? words[index + 1] : 0
    return UInt128(high) << 64 | UInt128(low)
  }

  /// Adds another set's seats.
  package mutating func formUnion(_ other: SeatSet) {
    precondition(capacity == other.capacity, "sets of two layouts")
    for index in words.indices { words[index] |= other.words[index] }
  }

  /// Takes another set's seats out.
  package mutating func subtract(_ other: SeatSet) {
    precondition(capacity == other.capacity, "sets of two layouts")
    for index in words.indices { words[index] &= ~other.words[index] }
  }

  /// The seats of either set.
  package func union(_ other: SeatSet) -> SeatSet {
    var result = self
    result.formUnion(other)
    return result
  }

  /// The seats that the other set does not have.
  package func subtracting(_ other: SeatSet) -> SeatSet {
    var result = self
    result.subtract(other)
    return result
  }
}

/// The positions of a word's set bits, ascending.
struct Bits: Sequence, IteratorProtocol {
  private var word: UInt64

  init(_ word: UInt64) { self.word = word }

  mutating func next() -> Int? {
    guard word != 0 else { return nil }
    defer { word &= word - 1 }
    return word.trailingZeroBitCount
  }
}

extension SeatSet: Sequence {
  /// Ascending indices of the set as it was when the walk began.
  package struct Iterator: IteratorProtocol {
    private let set: SeatSet
    private var wordIndex = -1
    private var bits = Bits(0)

    fileprivate init(_ set: SeatSet) { self.set = set }

    /// The next seat.
    package mutating func next() -> Int? {
      while true {
        if let bit = bits.next() { return wordIndex * 64 + bit }
        guard wordIndex + 1 < set.wordCount else { return nil }
        wordIndex += 1
        bits = Bits(set[word: wordIndex])
      }
    }
  }

  /// Walks through the seats, ascending.
  package func makeIterator() -> Iterator { Iterator(self) }
}
