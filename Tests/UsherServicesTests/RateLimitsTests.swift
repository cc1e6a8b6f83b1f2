// How often a credential may call.

import RPC
import Reactor
import Testing
import UsherProtos

@testable import UsherServices

@Suite(.timeLimit(.minutes(1))) struct RateLimitsTests {
  private func instant(_ milliseconds: Int64) -> LoopInstant {
    LoopInstant(nanoseconds: (1_000_000 + milliseconds) * 1_000_000)
  }

  @Test func aSecondsWorthIsTakenAtOnceAndThenOneAtATime() {
    let rate = CallRate(perSecond: 10)
    for _ in 0..<10 { #expect(rate.take(at: instant(0)) == nil) }
    #expect(rate.take(at: instant(0)) == .milliseconds(100))
    #expect(rate.take(at: instant(60)) == .milliseconds(40))
    #expect(rate.take(at: instant(100)) == nil)
    #expect(rate.take(at: instant(100)) == .milliseconds(100))
    // Refusals take nothing: what was told is enough.
    #expect(rate.take(at: instant(200)) == nil)
    for _ in 0..<10 { #expect(rate.take(at: instant(5_000)) == nil) }
    #expect(rate.take(at: instant(5_000)) != nil)
  }

  @Test func severalAreTakenTogetherOrNotAtAll() {
    let rate = CallRate(perSecond: 10)
    #expect(rate.takeMore(7, at: instant(0)) == nil)
    #expect(rate.takeMore(7, at: instant(0)) == .milliseconds(500))
    #expect(rate.takeMore(3, at: instant(0)) == nil)
    #expect(rate.takeMore(0, at: instant(0)) == nil && rate.takeMore(.min, at: instant(0)) == nil)
    #expect(rate.takeMore(1, at: instant(0)) == .milliseconds(200))
  }

  /// Whoever comes back when he was told to is served, however many calls his stands for.
  @Test(arguments: [1, 2, 3, 20, 999_999], [1, 2, 21, 1_000, .max])
  func whatStandsForManyCallsIsTakenInTheEnd(_ perSecond: Int, _ calls: Int) {
    let rate = CallRate(perSecond: perSecond)
    var now = instant(0)
    for _ in 0..<3 {
      var attempts = 0
      while let wait = rate.take(at: now) ?? rate.takeMore(calls - 1, at: now) {
        #expect(wait > .zero && wait <= .seconds(2))
        attempts += 1
        guard attempts < 5 else { break }
        now = now + wait
      }
      #expect(attempts < 5)
    }
  }

  @Test(arguments: [1, 3, 999_999, 1_000_000, .max, 0, -5])
  func everyRateIsOne(_ perSecond: Int) {
    let rate = CallRate(perSecond: perSecond)
    #expect(rate.take(at: instant(0)) == nil)
    #expect(rate.takeMore(.max, at: instant(0)) == nil)
    let wait = rate.take(at: instant(0))
    #expect(wait.map { $0 > .zero && $0 <= .seconds(1) } ?? false)
  }

  @Test func loopsShareARate() async {
    let rate = CallRate(perSecond: 1_000)
    let now = instant(0)
    let taken = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<1_000).count { _ in rate.take(at: now) == nil } }
      }
      return await group.reduce(0, +)
    }
    #expect(taken == 1_000)
  }

  @Test func aKeyHasItsOwnLimitsOrEverybodys() {
    let limits = RateLimits(.init(selling: 7, reporting: 0))
    let plain = limits.rates(ofKey: 1, selling: nil, reporting: nil)
    #expect(plain[.selling]?.perSecond == 7 && plain[.reporting] == nil)
    let special = limits.rates(ofKey: 2, selling: 3, reporting: 4)
    #expect(special[.selling]?.perSecond == 3 && special[.reporting]?.perSecond == 4)
    // The same on every loop.
    let again = limits.rates(ofKey: 2, selling: 3, reporting: 4)
    #expect(again[.selling] === special[.selling] && again[.selling] !== plain[.selling])
  }

  @Test func callersWithoutACredentialAreCountedByAddress() {
    let limits = RateLimits(.init(selling: 7, reporting: 7, anonymous: 2))
    let one = limits.rates(ofPeer: "192.0.2.1:50312")
    #expect(one[.selling]?.perSecond == 2)
    #expect(limits.rates(ofPeer: "192.0.2.1:50313")[.selling] === one[.selling])
    #expect(limits.rates(ofPeer: "192.0.2.2:50312")[.selling] !== one[.selling])
    let six = limits.rates(ofPeer: "[2001:db8::1]:50312")
    #expect(limits.rates(ofPeer: "[2001:db8::1]:50313")[.selling] === six[.selling])
    // A household has a network of 64 bits.
    #expect(limits.rates(ofPeer: "[2001:db8::2]:50312")[.selling] === six[.selling])
    #expect(limits.rates(ofPeer: "[2001:db8:0:0:ffff::2]:1")[.selling] === six[.selling])
    #expect(limits.rates(ofPeer: "[2001:db8:0:1::1]:50312")[.selling] !== six[.selling])
    #expect(limits.rates(ofPeer: "[::ffff:192.0.2.1]:7")[.selling] === one[.selling])
    #expect(limits.rates(ofPeer: "[fe80::1%eth0]:7")[.selling] !== six[.selling])
    let free = RateLimits(.init(selling: 7, reporting: 7, anonymous: 0))
    #expect(free.rates(ofPeer: "unix:")[.selling] == nil)
  }

  @Test func aFullTableForgetsOnlyThoseWhoRest() {
    let limits = RateLimits(.init(selling: 1, reporting: 1))
    let busy = limits.rates(ofKey: 0, selling: nil, reporting: nil)
    #expect(busy[.selling]?.take() == nil)
    for id in 1...Int64(Limits.cachedCredentials + 10) {
      _ = limits.rates(ofKey: id, selling: nil, reporting: nil)
    }
    #expect(limits.rates(ofKey: 0, selling: nil, reporting: nil)[.selling] === busy[.selling])
    #expect(limits.count <= Limits.cachedCredentials)
  }

  @Test(arguments: AllMethods.list) func methodsThatNeedACredentialAreCounted(
    _ method: MethodDescriptor
  ) {
    switch Permissions.table[method] {
    case .open, .scope(.admin), nil: #expect(Permissions.table[method]?.rateLane == nil)
    case .scope(.manage), .scope(.report), .scopeOrAccount(.report):
      #expect(Permissions.table[method]?.rateLane == .reporting)
    default: #expect(Permissions.table[method]?.rateLane == .selling)
    }
  }
}
