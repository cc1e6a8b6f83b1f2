// One topic on one loop: messages encoded once, in one log, and the calls that follow it. A call that
// follows has no task and no queue of its own: it is a place in the log, from which its transport
// takes messages when the peer can have them. Knows nothing of what the messages say.

import DequeModule
package import Reactor

/// Bounds of a topic's log.
package struct BroadcastLimits: Sendable {
  /// Messages and bytes kept for calls that are behind; half of either may be all that is left.
  package var messages = 1_024
  package var bytes = 4 << 20

  package init() {}
}

/// A topic's log on one loop and its subscribers. Confined to the loop.
///
/// States: open → closed (`close`), after which calls that join end at once.
package final class Broadcast: BatchEndHandler {
  /// What becomes of a call whose peer reads more slowly than the topic speaks.
  package enum LaggardPolicy {
    /// Ended with this error once the log has to forget what it has not been given.
    case cut(RPCError)
    /// Given, when it reads again, what the owner makes of everything from its cursor on. Asked for
    /// when more than `above` messages are missing or the log reaches back less far.
    case merge(above: Int, (_ cursor: Int) -> [SharedEnvelope])
  }

  private let loop: EventLoop
  private let limits: BroadcastLimits
  private let policy: LaggardPolicy
  private var log = Deque<SharedEnvelope>()
  /// Bytes of the messages kept.
  package private(set) var keptByteCount = 0
  /// Position of the log's first message.
  private var base = 0
  private var groups: [ObjectIdentifier: BroadcastGroup] = [:]
  /// Groups that have not asked for a turn.
  private var idleGroups: [BroadcastGroup] = []
  private var isTrimDue = false
  private var ending: RPCError?
  /// Calls that follow, and how many of them have been given everything.
  package private(set) var subscriberCount = 0
  package private(set) var syncedCount = 0

  package init(
    loop: EventLoop, limits: BroadcastLimits = BroadcastLimits(), policy: LaggardPolicy
  ) {
    self.loop = loop
    self.limits = limits
    self.policy = policy
  }

  /// Position of the next message: the count of all that were published.
  package var head: Int { base + log.count }

  /// Messages kept for calls that are behind.
  package var keptCount: Int { log.count }

  // MARK: The owner

  /// Adds a message for every call that follows; nothing is copied and nothing is sent before the
  /// batch of the loop ends, so several messages travel together. The message takes a position, but
  /// is not even made, when no call follows.
  package func publish(_ make: @autoclosure () -> SharedEnvelope) {
    guard ending == nil else { return }
    guard subscriberCount > 0 else {
      base += 1
      return
    }
    let envelope = make()
    log.append(envelope)
    keptByteCount += envelope.bytes.count
    syncedCount = 0
    requestTurns()
    if log.count > limits.messages || keptByteCount > limits.bytes { trimLater() }
  }

  /// Takes over a call: its handler returns, the call lives on here until it is cut, its topic is
  /// closed, its deadline passes or its peer leaves. The call is sent `opening` and then everything
  /// that is published from now on. Throws the call's or the topic's end.
  package func join(
    _ call: ServerCall, opening: [SharedEnvelope] = []
  ) throws(RPCError) {
    let stream = call.context.stream.value
    if let ending { throw ending }
    guard let (sink, line) = stream.openConnection else { throw stream.failure ?? .cancelled }
    stream.sendHeadersIfNeeded()
    let takesGzip = stream.compresses
    for envelope in opening {
      if let breakingPoint = stream.breakingPoint, !breakingPoint.lets() { break }
      sink.sendMessage(takesGzip ? envelope.compressed : envelope.bytes)
    }
    // Whoever hands the call over ends it: a handler that throws.
    if let breakingPoint = stream.breakingPoint, breakingPoint.isReached {
      throw breakingPoint.error
    }
    subscriberCount += 1
    syncedCount += 1
    let breaks = stream.breakingPoint != nil
    group(on: line).add(
      stream, BroadcastGroup.Place(cursor: head, takesGzip: takesGzip, breaks: breaks))
  }

  /// Ends every call behind what was published: with the error, or in good order without one.
  package func close(_ error: RPCError?) {
    guard ending == nil else { return }
    ending = error ?? RPCError(.unavailable, "the topic is closed")
    for group in groups.values {
      while let call = group.calls.last {
        if let (sink, _) = call.openConnection {
          group.drain(group.calls.count - 1) { sink.sendMessage($0) }
        }
        if let error { call.finish(error) } else { call.finish() }
      }
    }
  }

  private func group(on line: any BroadcastLine) -> BroadcastGroup {
    let key = ObjectIdentifier(line)
    if let group = groups[key] { return group }
    let group = BroadcastGroup(self, line)
    groups[key] = group
    list(group)
    return group
  }

  // MARK: Groups that wait for a publish

  private func list(_ group: BroadcastGroup) {
    group.idleIndex = idleGroups.count
    idleGroups.append(group)
  }

  private func unlist(_ group: BroadcastGroup) {
    guard let index = group.idleIndex, let last = idleGroups.popLast() else { return }
    group.idleIndex = nil
    guard last !== group else { return }
    idleGroups[index] = last
    last.idleIndex = index
  }

  // MARK: Turns

  private func requestTurns() {
    for group in idleGroups {
      group.idleIndex = nil
      group.line.requestTurn(group)
    }
    idleGroups.removeAll(keepingCapacity: true)
  }

  func groupHasTurn(_ group: BroadcastGroup) {
    if !group.calls.isEmpty { list(group) }
  }

  /// Hands over what a subscriber is missing, whole messages until `byteCount` is reached; returns
  /// where it stands then.
  func read(_ place: BroadcastGroup.Place, _ byteCount: Int, _ take: ([UInt8]) -> Void) -> Int {
    let head = head
    guard place.cursor < head else { return head }
    let cursor: Int
    if case .merge(let above, let merge) = policy,
      place.cursor < base || head - place.cursor > above
    {
      for envelope in merge(place.cursor) { take(place.form(of: envelope)) }
      cursor = head
    } else {
      cursor = copy(place, byteCount, take)
    }
    guard cursor == head else { return cursor }
    syncedCount += 1
    forgetIfAllAreSynced()
    return cursor
  }

  private func copy(
    _ place: BroadcastGroup.Place, _ byteCount: Int, _ take: ([UInt8]) -> Void
  ) -> Int {
    var index = place.cursor - base
    var taken = 0
    while index < log.count, taken < byteCount {
      let bytes = place.form(of: log[index])
      take(bytes)
      taken += bytes.count
      index += 1
    }
    return base + index
  }

  func leave(_ group: BroadcastGroup, _ slot: Int) {
    let gone = group.remove(slot)
    subscriberCount -= 1
    if gone.cursor == head { syncedCount -= 1 }
    if group.calls.isEmpty {
      groups[ObjectIdentifier(group.line)] = nil
      unlist(group)
    }
    forgetIfAllAreSynced()
  }

  // MARK: Forgetting

  private func forgetIfAllAreSynced() {
    if syncedCount == subscriberCount, !log.isEmpty { forget(log.count) }
  }

  private func forget(_ count: Int) {
    for envelope in log.prefix(count) { keptByteCount -= envelope.bytes.count }
    base += count
    if count == log.count {
      log.removeAll(keepingCapacity: count <= Limits.broadcastReserve)
    } else {
      log.removeFirst(count)
    }
  }

  /// Not at once: a burst longer than the log is no fault of those who had no turn to read it.
  private func trimLater() {
    guard !isTrimDue else { return }
    isTrimDue = true
    loop.atBatchEnd(self)
  }

  package func batchEnded() {
    isTrimDue = false
    if log.count > limits.messages || keptByteCount > limits.bytes { trim() }
  }

  /// Forgets what the slowest has been given. When that is not half of the log, forgets half of it
  /// all the same, so that the next search is many messages away.
  private func trim() {
    let cursors = groups.values.lazy.flatMap { $0.places.lazy.map(\.cursor) }
    forget(max(0, (cursors.min() ?? head) - base))
    var surplus = 0
    var bytes = keptByteCount
    while surplus < log.count - 1,
      log.count - surplus > limits.messages / 2 || bytes > limits.bytes / 2
    {
      bytes -= log[surplus].bytes.count
      surplus += 1
    }
    guard surplus > 0 else { return }
    forget(surplus)
    if case .cut(let error) = policy { cutLaggards(error) }
  }

  private func cutLaggards(_ error: RPCError) {
    let lost = groups.values.flatMap { group in
      group.calls.indices.filter { group.places[$0].cursor < base }.map { group.calls[$0] }
    }
    for call in lost { call.finish(error) }
  }
}
