// Reconnection pauses and pings of a client, in virtual time.

import RPCTransport
import Reactor
import Testing

private func at(_ milliseconds: Int64) -> LoopInstant {
  LoopInstant(nanoseconds: milliseconds * 1_000_000)
}

@Suite struct BackoffTests {
  /// Each attempt fails at once; the next begins when it may.
  @Test func pausesGrowTo120Seconds() {
    var backoff = Backoff(BackoffPolicy())
    var now = at(0)
    var pauses: [Double] = []
    for _ in 0..<13 {
      _ = backoff.beginAttempt(now: now, chance: 0.5)
      let next = backoff.nextStart ?? now
      pauses.append(Double((next - now).wholeMilliseconds) / 1_000)
      now = next
    }
    #expect(
      pauses == [
        1, 1.6, 2.56, 4.096, 6.553, 10.485, 16.777, 26.843, 42.949, 68.719, 109.951, 120, 120,
      ])
  }

  @Test(arguments: [(0.0, 800), (0.5, 1_000), (0.999_999_9, 1_199)])
  func pausesSpreadByAFifth(chance: Double, milliseconds: Int64) {
    var backoff = Backoff(BackoffPolicy())
    _ = backoff.beginAttempt(now: at(0), chance: chance)
    #expect((backoff.nextStart ?? at(0)) - at(milliseconds) < .milliseconds(1))
    #expect(!backoff.isOver(now: at(milliseconds - 1)))
    #expect(backoff.isOver(now: at(milliseconds + 1)))
  }

  /// The attempt has 20 seconds even when its pause is one, and all of a longer pause.
  @Test func anAttemptHasAtLeastTwentySeconds() {
    var backoff = Backoff(BackoffPolicy())
    #expect(backoff.beginAttempt(now: at(0), chance: 0.5) == at(20_000))
    for _ in 0..<20 { _ = backoff.beginAttempt(now: at(0), chance: 0.5) }
    #expect(backoff.beginAttempt(now: at(0), chance: 0.5) == at(120_000))
  }

  @Test func successBeginsTheRowAnewButKeepsThePause() {
    var backoff = Backoff(BackoffPolicy())
    for _ in 0..<5 { _ = backoff.beginAttempt(now: at(0), chance: 0.5) }
    backoff.noteSuccess()
    #expect(!backoff.isOver(now: at(6_000)))
    _ = backoff.beginAttempt(now: at(10_000), chance: 0.5)
    #expect(backoff.nextStart == at(11_000))
    backoff.forgetPause()
    #expect(backoff.isOver(now: at(10_001)))
  }
}

@Suite struct ClientKeepaliveTests {
  private static let options = KeepaliveOptions(interval: .seconds(10), timeout: .seconds(5))

  @Test func intervalsBelowTenSecondsAreTenSeconds() {
    #expect(KeepaliveOptions(interval: .seconds(1)).interval == .seconds(10))
    #expect(KeepaliveOptions(interval: .seconds(11)).interval == .seconds(11))
  }

  @Test(arguments: [
    (UInt32(0xb), "too_many_pings", 20), (0xb, "", 10), (0xb, "too_many_things", 10),
    (0, "too_many_pings", 10), (0, "max_age", 10),
  ])
  func tooManyPingsDoublesTheInterval(code: UInt32, reason: String, seconds: Int) {
    let options = KeepaliveOptions(interval: .seconds(10)).after(goAway: code, reason: reason)
    #expect(options.interval == .seconds(seconds))
  }

  @Test func theIntervalGrowsToADay() {
    var options = KeepaliveOptions(interval: .seconds(10))
    for _ in 0..<100 { options = options.after(goAway: 0xb, reason: "too_many_pings") }
    #expect(options.interval == .seconds(86_400))
  }

  @Test func aSilentPeerIsPingedAndThenGivenUp() {
    var keepalive = ClientKeepalive(Self.options)
    func step(_ now: Int64, received: Int64) -> ClientKeepalive.Step {
      keepalive.step(now: at(now), lastReceived: at(received), hasStreams: true)
    }
    #expect(step(0, received: 0) == .wait(until: at(10_000)))
    #expect(step(10_000, received: 4_000) == .wait(until: at(14_000)))
    #expect(step(14_000, received: 4_000) == .ping(askAgain: at(19_000)))
    #expect(step(15_000, received: 4_000) == .wait(until: at(19_000)))
    #expect(step(19_000, received: 4_000) == .giveUp)
  }

  @Test func anythingThatArrivesAnswersThePing() {
    var keepalive = ClientKeepalive(Self.options)
    let ping = keepalive.step(now: at(10_000), lastReceived: at(0), hasStreams: true)
    #expect(ping == .ping(askAgain: at(15_000)))
    let next = keepalive.step(now: at(15_000), lastReceived: at(10_001), hasStreams: true)
    #expect(next == .wait(until: at(20_001)))
  }

  @Test func connectionsWithoutCallsAreLeftAloneUnlessAskedFor() {
    var quiet = ClientKeepalive(Self.options)
    #expect(
      quiet.step(now: at(60_000), lastReceived: at(0), hasStreams: false)
        == .wait(until: at(70_000)))
    var options = Self.options
    options.permitsWithoutStreams = true
    var eager = ClientKeepalive(options)
    #expect(
      eager.step(now: at(60_000), lastReceived: at(0), hasStreams: false)
        == .ping(askAgain: at(65_000)))
  }
}
