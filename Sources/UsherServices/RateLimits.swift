// How many calls a credential may make on a node. Two lanes, so that whoever reports in a hurry goes on
// selling. Counted over all loops of the node: a credential's connections lie on any of them.

import Booking
package import Reactor
import Synchronization

/// What a call is counted as.
package enum RateLane: String, Sendable, CaseIterable {
  /// Selling, and reading what is on sale.
  case selling
  /// Reporting and managing.
  case reporting
}

/// The calls of one lane of one credential, as a leaky bucket: it takes a second's worth at once and
/// then one call per interval. One word, changed without a lock: asking costs a compare and swap.
///
/// The algorithm is the virtual scheduling of the generic cell rate algorithm (ITU-T I.371, Annex A).
package final class CallRate: Sendable {
  /// Calls per second, 1 to 1,000,000,000.
  package let perSecond: Int
  private let interval: Int64
  private let tolerance: Int64
  /// When the calls that were taken so far will have been worked off.
  private let theoretical: Atomic<Int64>

  package init(perSecond: Int) {
    self.perSecond = min(max(perSecond, 1), 1_000_000_000)
    interval = 1_000_000_000 / Int64(self.perSecond)
    tolerance = interval * Int64(self.perSecond)
    theoretical = Atomic(.min)
  }

  /// Takes calls; nil, or how long to wait when there is no room for all of them: then none is taken. More
  /// than a second's worth is taken as a second's worth, or it would never be.
  package func take(_ count: Int = 1, at now: LoopInstant = .now) -> Duration? {
    let cost = interval * Int64(min(max(count, 1), perSecond))
    var before = theoretical.load(ordering: .relaxed)
    while true {
      let after = max(before, now.nanoseconds) + cost
      let excess = after - now.nanoseconds - tolerance
      guard excess <= 0 else { return .nanoseconds(excess) }
      let (exchanged, original) = theoretical.weakCompareExchange(
        expected: before, desired: after, ordering: .relaxed)
      if exchanged { return nil }
      before = original
    }
  }

  /// Whether a new one would be the same.
  func isRested(at now: LoopInstant) -> Bool {
    theoretical.load(ordering: .relaxed) <= now.nanoseconds
  }
}

/// Streams of one kind that one credential has open on a node.
package final class StreamCount: Sendable {
  private let open = Atomic<Int>(0)

  package init() {}

  /// Counts one more, unless there are so many.
  package func take(atMost limit: Int) -> Bool {
    var before = open.load(ordering: .relaxed)
    while before < limit {
      let (exchanged, original) = open.weakCompareExchange(
        expected: before, desired: before + 1, ordering: .relaxed)
      if exchanged { return true }
      before = original
    }
    return false
  }

  /// One that was taken has ended.
  package func giveBack() { open.subtract(1, ordering: .relaxed) }

  var isNone: Bool { open.load(ordering: .relaxed) == 0 }
}

/// What a credential may call; nil where it may as often as it likes.
package struct CallRates: Sendable {
  package let selling: CallRate?
  package let reporting: CallRate?
  /// Its streams of sales.
  let salesStreams = StreamCount()

  subscript(lane: RateLane) -> CallRate? {
    switch lane {
    case .selling: selling
    case .reporting: reporting
    }
  }
}

/// The rates of all credentials of a node.
package final class RateLimits: Sendable {
  /// Calls per second of each lane; 0 for no limit.
  package struct Policy: Sendable, Hashable {
    /// For partners' keys, those that have no limits of their own.
    package var selling: Int
    package var reporting: Int
    /// For each address of callers without a credential.
    package var anonymous: Int

    package init(selling: Int, reporting: Int, anonymous: Int = 0) {
      self.selling = selling
      self.reporting = reporting
      self.anonymous = anonymous
    }
  }

  enum Owner: Hashable {
    case key(Int64)
    case account(UniqueID)
    case address(String)
  }

  private let policy: Policy
  private let rates = Mutex<[Owner: CallRates]>([:])

  package init(_ policy: Policy) { self.policy = policy }

  /// How many credentials are remembered.
  var count: Int { rates.withLock { $0.count } }

  /// The rates of a key; those given are its own. What a key may is settled when it is made.
  func rates(ofKey id: Int64, selling: Int32?, reporting: Int32?) -> CallRates {
    rates(
      of: .key(id), selling: selling.map(Int.init) ?? policy.selling,
      reporting: reporting.map(Int.init) ?? policy.reporting)
  }

  /// The rates of a customer: what people do by hand, and their browsers.
  func rates(ofAccount id: UniqueID) -> CallRates {
    rates(
      of: .account(id), selling: Limits.accountCallsPerSecond,
      reporting: Limits.accountCallsPerSecond)
  }

  /// The rates of callers without a credential at an address.
  func rates(ofPeer peer: String) -> CallRates {
    let address = peer.utf8.lastIndex(of: UInt8(ascii: ":")).map { peer[..<$0] } ?? peer[...]
    return rates(of: .address(String(address)), selling: policy.anonymous, reporting: 0)
  }

  private func rates(of owner: Owner, selling: Int, reporting: Int) -> CallRates {
    let now = LoopInstant.now
    return rates.withLock { rates in
      if let known = rates[owner] { return known }
      if rates.count >= Limits.cachedCredentials {
        rates = rates.filter {
          !($0.value.selling?.isRested(at: now) ?? true)
            || !($0.value.reporting?.isRested(at: now) ?? true) || !$0.value.salesStreams.isNone
        }
      }
      let new = CallRates(
        selling: selling > 0 ? CallRate(perSecond: selling) : nil,
        reporting: reporting > 0 ? CallRate(perSecond: reporting) : nil)
      rates[owner] = new
      return new
    }
  }
}
