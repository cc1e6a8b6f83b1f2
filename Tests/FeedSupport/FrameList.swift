// Frames that are numbers of events in a list, so that tests can read them back.

import Synchronization

/// Every event that was encoded, in order.
package final class FrameList<Event: Sendable>: Sendable {
  private let events = Mutex<[Event]>([])

  /// An empty list.
  package init() {}

  /// Events encoded so far.
  package var count: Int { events.withLock { $0.count } }

  /// A frame for an event, its own.
  package func encode(_ event: Event) -> [UInt8] {
    let index = events.withLock { events in
      events.append(event)
      return events.count - 1
    }
    return withUnsafeBytes(of: index.bigEndian) { Array($0) }
  }

  /// The event of a frame.
  package func decode(_ frame: [UInt8]) -> Event {
    let index = frame.reduce(0) { $0 << 8 | Int($1) }
    return events.withLock { $0[index] }
  }
}
