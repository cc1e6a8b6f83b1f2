// Many shows on one stream: their counts, gathered for a moment and told together. Knows neither how
// shows are loaded nor which shows belong to it; the registry keeps both right.

import RPC
import Reactor

/// The shows of one group on one loop, and who watches them. Confined to the loop.
///
/// States: gathering its members (`isComplete` false: nobody is told anything) → complete.
final class ShowGroup {
  let key: ShowGroupKey
  private(set) var members: [Int64: FeedEntry] = [:]
  /// Whether every member is in memory, or has been.
  private(set) var isComplete = false
  var failure: FeedError?
  private let loop: EventLoop
  private let encode: @Sendable (GroupEvent) -> [UInt8]
  private let topic: Broadcast
  private var changed: Set<Int64> = []
  private var removed: Set<Int64> = []
  private var timer: LoopTimer?
  /// The present state as a frame; every change makes it old.
  private var snapshot: SharedEnvelope?
  private var hasSpoken = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(
    _ key: ShowGroupKey, on loop: EventLoop, encode: @escaping @Sendable (GroupEvent) -> [UInt8]
  ) {
    self.key = key
    self.loop = loop
    self.encode = encode
    weak var group: ShowGroup?
    var limits = BroadcastLimits()
    limits.messages = 2 * Limits.unmergedGroupEvents
    topic = Broadcast(
      loop: loop, limits: limits,
      policy: .merge(above: Limits.unmergedGroupEvents) { _ in group.map { [$0.state] } ?? [] })
    group = self
  }

  var watcherCount: Int { topic.subscriberCount }

  // MARK: Members

  func add(_ entry: FeedEntry) {
    guard members[entry.showID] == nil else { return }
    members[entry.showID] = entry
    entry.groups.append(self)
    noteChange(of: entry)
  }

  func remove(_ showID: Int64) {
    guard let entry = members.removeValue(forKey: showID) else { return }
    entry.groups.removeAll { $0 === self }
    snapshot = nil
    changed.remove(showID)
    removed.insert(showID)
    tellSoon()
  }

  /// A show that could not be loaded, and that nobody has been told of.
  func drop(_ entry: FeedEntry) {
    members[entry.showID] = nil
    changed.remove(entry.showID)
    entry.groups.removeAll { $0 === self }
  }

  /// Every member has arrived: from now on watchers are told.
  func complete() {
    isComplete = true
    changed = []
    removed = []
  }

  func dissolve() {
    for entry in members.values { entry.groups.removeAll { $0 === self } }
    members = [:]
    timer?.cancel()
  }

  // MARK: Telling

  /// A member's map has moved on.
  func noteChange(of entry: FeedEntry) {
    snapshot = nil
    changed.insert(entry.showID)
    removed.remove(entry.showID)
    tellSoon()
  }

  private func tellSoon() {
    guard isComplete, timer == nil else { return }
    timer = loop.schedule(after: Limits.groupInterval) { [weak self] in self?.tell() }
  }

  private func tell() {
    timer = nil
    let (changed, removed) = (changed, removed)
    self.changed = []
    self.removed = []
    let shows = changed.sorted().compactMap { members[$0]?.availability }
    guard !shows.isEmpty || !removed.isEmpty else { return }
    hasSpoken = true
    topic.publish(SharedEnvelope(encode(.change(shows, removed: removed.sorted()))))
  }

  /// Tells watchers who have heard nothing since the last time that there was nothing to hear.
  func remindIdleWatchers() {
    if !hasSpoken, timer == nil { topic.publish(SharedEnvelope(encode(.bookmark))) }
    hasSpoken = false
  }

  /// Whether what was told is all there is.
  var isCurrent: Bool { isComplete && members.values.allSatisfy(\.isCurrent) }

  // MARK: Watchers

  /// Hands a call over: it is told the present state and then every change.
  func join(_ call: ServerCall) throws(RPCError) {
    try topic.join(call, opening: [state])
  }

  /// Everyone who needs it at the same time shares it.
  private var state: SharedEnvelope {
    if let snapshot { return snapshot }
    let shows = members.values.compactMap(\.availability).sorted { $0.showID < $1.showID }
    let frame = SharedEnvelope(encode(.snapshot(shows)))
    snapshot = frame
    return frame
  }

  // MARK: Waiting

  /// Waits until the group is complete or has failed.
  func gathering() async {
    while !isComplete, failure == nil {
      await withCheckedContinuation { waiters.append($0) }
    }
  }

  func resumeWaiters() {
    let waiters = waiters
    self.waiters = []
    for waiter in waiters { waiter.resume() }
  }
}
