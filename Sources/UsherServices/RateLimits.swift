// How many calls a credential may make on a node. Two lanes, so that whoever reports in a hurry goes on
// selling. Counted over all loops of the node: a credential's connections lie on any of them.

import Booking
import Glibc
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

  /// Takes a call; nil, or how long to wait when there is no room for it: then nothing is taken.
  package func take(at now: LoopInstant = .now) -> Duration? { take(calls: 1, now) }

  /// Takes what a call that was taken is worth beside itself, as that many calls; otherwise as `take`. With
  /// it a second's worth at most, or it would never be. Whoever waits and calls again is taken once more
  /// before: that is waited for, too.
  package func takeMore(_ count: Int, at now: LoopInstant = .now) -> Duration? {
    take(calls: min(max(count, 0), perSecond - 1), now).map { $0 + .nanoseconds(interval) }
  }

  private func take(calls: Int, _ now: LoopInstant) -> Duration? {
    guard calls > 0 else { return nil }
    let cost = interval * Int64(calls)
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

  /// Gives back one that was taken.
  func giveBack() { theoretical.subtract(interval, ordering: .relaxed) }

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
  /// Of an address: passwords to hash, and credentials to look at that were not known to be good.
  let passwords: CallRate?
  let guesses: CallRate?
  /// Its streams of sales.
  let salesStreams = StreamCount()

  fileprivate init(selling: Int, reporting: Int, passwords: Int = 0, guesses: Int = 0) {
    func rate(_ perSecond: Int) -> CallRate? {
      perSecond > 0 ? CallRate(perSecond: perSecond) : nil
    }
    self.selling = rate(selling)
    self.reporting = rate(reporting)
    self.passwords = rate(passwords)
    self.guesses = rate(guesses)
  }

  /// Whether nothing would be lost with them.
  fileprivate func areRested(at now: LoopInstant) -> Bool {
    salesStreams.isNone
      && [selling, reporting, passwords, guesses].allSatisfy { $0?.isRested(at: now) ?? true }
  }

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
    /// Passwords to hash for each address.
    package var passwords: Int

    package init(selling: Int, reporting: Int, anonymous: Int = 0, passwords: Int = 0) {
      self.selling = selling
      self.reporting = reporting
      self.anonymous = anonymous
      self.passwords = passwords
    }
  }

  enum Owner: Hashable {
    case key(Int64)
    case account(UniqueID)
    case address(String)
  }

  private struct Table {
    var rates: [Owner: CallRates] = [:]
    /// When those that are rested were last looked for.
    var tidiedAt = LoopInstant(nanoseconds: 0)
  }

  private let policy: Policy
  private let table = Mutex(Table())

  package init(_ policy: Policy) { self.policy = policy }

  /// How many credentials are remembered.
  var count: Int { table.withLock { $0.rates.count } }

  /// The rates of a key; those given are its own. What a key may is settled when it is made.
  func rates(ofKey id: Int64, selling: Int32?, reporting: Int32?) -> CallRates {
    rates(of: .key(id)) {
      CallRates(
        selling: selling.map(Int.init) ?? policy.selling,
        reporting: reporting.map(Int.init) ?? policy.reporting)
    }
  }

  /// The rates of a customer: what people do by hand, and their browsers.
  func rates(ofAccount id: UniqueID) -> CallRates {
    rates(of: .account(id)) {
      CallRates(
        selling: Limits.accountCallsPerSecond, reporting: Limits.accountCallsPerSecond)
    }
  }

  /// The rates of an address: of calls without a credential, of passwords, and of credentials that are not
  /// known, of which there may be as many as calls without any.
  func rates(ofPeer peer: String) -> CallRates {
    rates(of: .address(PeerAddress.network(of: peer))) {
      CallRates(
        selling: policy.anonymous, reporting: 0, passwords: policy.passwords,
        guesses: policy.anonymous)
    }
  }

  private func rates(of owner: Owner, _ make: () -> CallRates) -> CallRates {
    let now = LoopInstant.now
    return table.withLock { table in
      if let known = table.rates[owner] { return known }
      var owner = owner
      if table.rates.count >= Limits.cachedCredentials {
        if now - table.tidiedAt > .seconds(1) {
          table.tidiedAt = now
          table.rates = table.rates.filter { !$0.value.areRested(at: now) }
        }
        // With so many addresses at once, those that come last share what one may.
        if table.rates.count >= Limits.cachedCredentials, case .address = owner {
          owner = .address("")
          if let known = table.rates[owner] { return known }
        }
      }
      let new = make()
      table.rates[owner] = new
      return new
    }
  }
}

/// Whose an address is, as far as addresses say: of IPv6 a household or a machine has a network of 64 bits.
enum PeerAddress {
  /// The address of a peer `192.0.2.1:50312`, or the network of `[2001:db8::1]:50312`.
  static func network(of peer: String) -> String {
    let host = peer.utf8.lastIndex(of: UInt8(ascii: ":")).map { peer[..<$0] } ?? peer[...]
    guard host.hasPrefix("["), host.hasSuffix("]") else { return String(host) }
    let address = host.dropFirst().dropLast().split(separator: "%").first.map(String.init) ?? ""
    var bytes = in6_addr()
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return String(host) }
    // SAFETY: the bytes are copied while the structure is valid.
    let parts = withUnsafeBytes(of: &bytes) { Array($0) }
    // An IPv4 address in IPv6's clothes is one.
    if parts.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
      return parts.suffix(4).map { String($0) }.joined(separator: ".")
    }
    return parts.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
  }
}
