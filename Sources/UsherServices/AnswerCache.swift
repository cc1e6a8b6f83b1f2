// Answers of the catalogue that one loop has in memory, encoded. Is told of committed changes and does
// not know where they come from; does not know what the answers say. They are the same for whoever may
// ask: what depends on the caller has no place here.
//
// An answer is as old as the question that was put to the database for it, and is good as long as
// nothing that it rests on has changed since. So nobody has to find the answers that a change
// touches: a change leaves its time at what it changed.

package import BookingStore
import DequeModule
import ProtoWire
import RPC
import Reactor

/// What is asked: a method, and a request as it came.
struct AnswerKey: Hashable {
  private let method: ObjectIdentifier
  private let request: [UInt8]

  init(_ method: MethodDescriptor, _ request: [UInt8]) {
    self.method = ObjectIdentifier(method)
    self.request = request
  }

  var byteCount: Int { request.count }
}

/// The answers of one loop. Confined to it.
package final class AnswerCache {
  private final class Entry {
    let key: AnswerKey
    let answer: SharedEnvelope
    let scopes: [CatalogueScope]
    let askedAt: LoopInstant
    let until: LoopInstant
    var wasUsed = false

    init(
      _ key: AnswerKey, _ answer: SharedEnvelope, _ footing: AnswerFooting, askedAt: LoopInstant
    ) {
      self.key = key
      self.answer = answer
      scopes = footing.scopes
      self.askedAt = askedAt
      until =
        askedAt + (footing.isTimely ? Limits.timelyAnswerLifetime : Limits.answerLifetime)
    }

    /// Twice its bytes: most are also kept compressed.
    var byteCount: Int {
      2 * answer.bytes.count + key.byteCount + Limits.keptAnswerOverheadBytes
    }
  }

  /// A question that the database is thinking about.
  private final class Flight {
    typealias Outcome = Result<SharedEnvelope, RPCError>
    let askedAt: LoopInstant
    var waiters: [CheckedContinuation<Outcome, Never>] = []

    init(askedAt: LoopInstant) { self.askedAt = askedAt }
  }

  private let now: () -> LoopInstant
  private let byteLimit: Int
  private var entries: [AnswerKey: Entry] = [:]
  /// In the order in which they came, or were met and had been used: a hand goes round.
  private var round = Deque<Entry>()
  private var flights: [AnswerKey: Flight] = [:]
  /// What the answers take.
  private(set) var byteCount = 0
  /// Only with a live change stream is it known that nothing has changed.
  private var isLive = false
  /// The latest change that may have touched anything.
  private var anyChange = Change.none
  private var changes: [CatalogueScope: Change] = [:]
  /// From when on whoever asks is shown all of them.
  private var allVisibleAt = Change.none.visibleAt

  /// When something was changed, and from when on whoever asks the database is shown it for sure.
  private struct Change {
    let at: LoopInstant
    let visibleAt: LoopInstant

    static let none = Change(
      at: LoopInstant(nanoseconds: .min), visibleAt: LoopInstant(nanoseconds: .min))
  }

  /// An empty cache of a size in bytes.
  init(byteLimit: Int, now: @escaping () -> LoopInstant) {
    self.byteLimit = byteLimit
    self.now = now
  }

  /// An empty cache.
  package convenience init() {
    self.init(byteLimit: Limits.keptAnswerBytes) { .now }
  }

  /// Answers in memory.
  package var count: Int { entries.count }

  // MARK: Answers

  /// The answer to a question, if it is here and good.
  func answer(_ key: AnswerKey) -> SharedEnvelope? {
    guard let entry = entries[key] else { return nil }
    guard entry.until > now(), isGood(entry) else {
      remove(entry)
      return nil
    }
    entry.wasUsed = true
    return entry.answer
  }

  /// The answer to a question from memory or by asking. Who puts the same question meanwhile waits for
  /// the same answer, unless something has changed since it was put to the database; when the call that
  /// asked is over before the answer comes, or its caller has asked too often, the next one asks.
  func answer<Answer: ProtoMessage>(
    _ key: AnswerKey, _ footing: AnswerFooting,
    ask: () async throws(RPCError) -> Answer
  ) async throws(RPCError) -> SharedEnvelope {
    guard isLive else { return SharedEnvelope(try await ask()) }
    while true {
      if let known = answer(key) { return known }
      guard let flight = flights[key], nothing(of: footing.scopes, since: flight.askedAt, { $0.at })
      else { return try await fly(key, footing, ask) }
      switch await withCheckedContinuation({ flight.waiters.append($0) }) {
      case .success(let answer): return answer
      case .failure(let error) where error.isOfOneCaller: break
      case .failure(let error): throw error
      }
    }
  }

  private func fly<Answer: ProtoMessage>(
    _ key: AnswerKey, _ footing: AnswerFooting, _ ask: () async throws(RPCError) -> Answer
  ) async throws(RPCError) -> SharedEnvelope {
    let flight = Flight(askedAt: now())
    flights[key] = flight
    let outcome: Flight.Outcome
    do {
      outcome = .success(SharedEnvelope(try await ask()))
    } catch {
      outcome = .failure(error)
    }
    if flights[key] === flight { flights[key] = nil }
    for waiter in flight.waiters { waiter.resume(returning: outcome) }
    let answer = try outcome.get()
    keep(Entry(key, answer, footing, askedAt: flight.askedAt))
    return answer
  }

  private func isGood(_ entry: Entry) -> Bool {
    isLive
      && (entry.askedAt > allVisibleAt
        || nothing(of: entry.scopes, since: entry.askedAt) { $0.visibleAt })
  }

  /// Whether no change of these, by one of its times, has come at an instant or later.
  private func nothing(
    of scopes: [CatalogueScope], since instant: LoopInstant, _ time: (Change) -> LoopInstant
  ) -> Bool {
    instant > time(anyChange)
      && scopes.allSatisfy { scope in
        changes[scope].map { instant > time($0) } ?? true
      }
  }

  private func keep(_ entry: Entry) {
    guard isGood(entry), entry.answer.bytes.count <= Limits.largestKeptAnswerBytes else { return }
    if let old = entries[entry.key] { remove(old) }
    entries[entry.key] = entry
    byteCount += entry.byteCount
    round.append(entry)
    while byteCount > byteLimit, let next = round.popFirst() {
      guard entries[next.key] === next else { continue }
      if next.wasUsed {
        next.wasUsed = false
        round.append(next)
      } else {
        remove(next)
      }
    }
    // Places of those that have left otherwise.
    if round.count > 2 * count + 64 { round.removeAll { entries[$0.key] !== $0 } }
  }

  private func remove(_ entry: Entry) {
    guard entries[entry.key] === entry else { return }
    entries[entry.key] = nil
    byteCount -= entry.byteCount
  }

  // MARK: Changes

  /// A committed change, of this node or another.
  package func note(_ change: CatalogueChange) {
    let now = now()
    let told = remembered(at: now, visibleAt: now + Limits.commitVisibility)
    if changes.count >= Limits.rememberedChanges {
      anyChange = told
      changes = [:]
    }
    for scope in change.scopes { changes[scope] = told }
  }

  /// A change that this node has made, and seen the commit of.
  func noteOwn(_ change: CatalogueChange) {
    let now = now()
    for scope in change.scopes {
      changes[scope] = remembered(
        at: now, visibleAt: max(changes[scope]?.visibleAt ?? now, now))
    }
  }

  /// This node may have changed anything, and has seen the commit: whoever was answered finds it here.
  package func forgetAll() {
    let now = now()
    anyChange = remembered(at: now, visibleAt: max(anyChange.visibleAt, now))
  }

  private func remembered(at now: LoopInstant, visibleAt: LoopInstant) -> Change {
    allVisibleAt = max(allVisibleAt, visibleAt)
    return Change(at: now, visibleAt: visibleAt)
  }

  /// The change stream is connected: from here on nothing is missed.
  package func streamBegan() {
    forgetAll()
    isLive = true
  }

  /// The change stream is gone: until it is back every question goes to the database.
  package func streamEnded() {
    isLive = false
    entries = [:]
    round = []
    byteCount = 0
  }
}
