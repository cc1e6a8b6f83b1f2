// Where new booking ids come from.

import Booking
import Foundation
import Synchronization

/// Makes booking ids. The system is asked for randomness for several at a time: a system call for
/// each would be a good part of the cost of a request. Any thread.
final class BookingIDs: Sendable {
  private static let wordCount = 32

  private let words = Mutex<[UInt64]>([])

  /// A new id for a lane.
  func next(lane: Int16) -> BookingID {
    let random = words.withLock { words in
      if words.count < 2 { words = Self.fetch() }
      return (words.removeLast(), words.removeLast())
    }
    return BookingID(
      lane: lane, unixMilliseconds: UInt64(max(0, Date().timeIntervalSince1970 * 1_000)),
      random: random)
  }

  /// The corresponding C function is `getentropy`, which gives 256 bytes at most.
  private static func fetch() -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: wordCount) { memory, count in
      // SAFETY: the memory has room for as many words.
      let result = getentropy(memory.baseAddress, wordCount * MemoryLayout<UInt64>.size)
      precondition(result == 0, "the system has no randomness")
      count = wordCount
    }
  }
}
