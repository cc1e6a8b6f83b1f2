// The calls of one connection that follow one topic. They are woken and served together, so that a
// publish costs a connection one turn, however many of its calls follow.

import Reactor

/// A connection as a broadcast sees it. All calls happen on the loop.
package protocol BroadcastLine: AnyObject {
  /// Asks to be told, by `BroadcastGroup.turnBegins()`, when the connection is next about to send,
  /// and to have all calls of the group that wait for messages pull them.
  func requestTurn(_ group: BroadcastGroup)
  /// The group's calls now have the slots below `count` alone.
  func shrink(_ group: BroadcastGroup, to count: Int)
}

/// One connection's subscribers of a topic. Confined to its loop.
package final class BroadcastGroup {
  /// All there is of a subscriber while messages flow.
  struct Place {
    /// Position of the first message that the call has not been given.
    var cursor: Int
    let takesGzip: Bool
    /// Whether the call has a breaking point.
    var breaks = false

    func form(of envelope: SharedEnvelope) -> [UInt8] {
      takesGzip ? envelope.compressed : envelope.bytes
    }
  }

  let line: any BroadcastLine
  /// What the connection keeps with the group.
  package var attachment: AnyObject?
  /// The subscribers by slot: their places, and the calls that these belong to.
  private(set) var places: [Place] = []
  private(set) var calls: [ServerStream] = []
  /// Place among the groups that have not asked for a turn; nil when one has been asked for.
  var idleIndex: Int?
  private let broadcast: Broadcast

  init(_ broadcast: Broadcast, _ line: any BroadcastLine) {
    self.broadcast = broadcast
    self.line = line
  }

  func add(_ call: ServerStream, _ place: Place) {
    places.append(place)
    calls.append(call)
    call.follow(self, slot: calls.count - 1)
  }

  /// Takes a subscriber out, whose place is returned; the last one moves into its slot.
  func remove(_ slot: Int) -> Place {
    let place = places[slot]
    places.swapAt(slot, places.count - 1)
    calls.swapAt(slot, calls.count - 1)
    places.removeLast()
    calls.removeLast()
    if slot < calls.count { calls[slot].follow(self, slot: slot) }
    line.shrink(self, to: calls.count)
    return place
  }

  // MARK: From the transport

  /// The connection is about to send.
  package func turnBegins() { broadcast.groupHasTurn(self) }

  /// The peer can take messages on a call: hands over whole ones until `byteCount` is reached or
  /// there are no more, and returns whether there are. Nothing here calls back into the transport.
  package func pull(slot: Int, byteCount: Int, _ take: ([UInt8]) -> Void) -> Bool {
    guard slot < places.count else { return false }
    if places[slot].breaks { return pullBreaking(slot, byteCount, take) }
    let cursor = broadcast.read(places[slot], byteCount, take)
    places[slot].cursor = cursor
    return cursor < broadcast.head
  }

  /// The same up to the call's breaking point, behind which the call ends once the transport is done.
  private func pullBreaking(
    _ slot: Int, _ byteCount: Int, _ take: ([UInt8]) -> Void
  ) -> Bool {
    let call = calls[slot]
    guard let breakingPoint = call.breakingPoint, !breakingPoint.isReached else { return false }
    let cursor = broadcast.read(places[slot], byteCount) { bytes in
      if breakingPoint.lets() { take(bytes) }
    }
    places[slot].cursor = cursor
    guard breakingPoint.isReached else { return cursor < broadcast.head }
    let (ended, error) = (LoopRef(call), breakingPoint.error)
    call.loop.execute { ended.value.finish(error) }
    return false
  }

  /// Everything that a subscriber has not been given.
  func drain(_ slot: Int, _ take: ([UInt8]) -> Void) {
    while pull(slot: slot, byteCount: .max, take) {}
  }

  /// The call has ended, however it did.
  func leave(slot: Int) { broadcast.leave(self, slot) }
}
