// What a load counts and reports, and the parts of one that need no server.

import Foundation
import RPC
import Reactor
import Testing
import UsherProtos

@testable import usher

private let plain = Style(colour: false, unicode: false)

@Suite struct LatenciesTests {
  @Test func percentilesAreThoseOfTheSortedList() {
    var all = Latencies()
    var list: [Int64] = []
    var next: UInt64 = 1
    for _ in 0..<5_000 {
      next = next &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // From nanoseconds to minutes.
      let nanoseconds = Int64(next >> 33) % (1 << Int64(4 + next % 33))
      list.append(nanoseconds)
      all.add(.nanoseconds(nanoseconds))
    }
    list.sort()
    #expect(all.count == 5_000)
    for percent in [1, 50, 90, 99] {
      let exact = Double(list[(list.count * percent + 99) / 100 - 1]) / 1_000_000
      let told = all.percentile(percent)
      #expect(told >= exact && told <= exact * (1 + 1.0 / 64), "\(percent)")
    }
    #expect(all.percentile(100) == Double(list[4_999]) / 1_000_000)
  }

  @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 129, 8_191, 8_192, Int64.max])
  func oneIsExact(nanoseconds: Int64) {
    var all = Latencies()
    all.add(.nanoseconds(nanoseconds))
    #expect(all.percentile(1) == Double(nanoseconds) / 1_000_000)
    #expect(all.percentile(100) == all.percentile(50))
  }

  @Test func noneIsNothing() {
    #expect(Latencies().percentile(99) == 0)
    var all = Latencies()
    all.add(.nanoseconds(-5))
    #expect(all.percentile(50) == 0 && all.count == 1)
  }
}

@Suite struct BenchReportTests {
  private func report() -> BenchReport {
    var tally = BenchTally()
    for milliseconds in 1...4 { tally.note("hold", .milliseconds(milliseconds)) }
    tally.note("confirm", .microseconds(500))
    let lost = RPCError.refusal(.failedPrecondition, "NO_ADJACENT_SEATS", "None left.")
    tally.note("hold", failed: Failure(lost))
    tally.note("hold", failed: Failure(lost), count: 2)
    tally.note("watch", failed: Failure(.other, "a change was not seen"), count: 0)
    tally.note("hold", failed: Failure(RPCError(.unavailable, "away")))
    tally.left.sold = 1
    tally.left.held = 2
    return BenchReport(name: "rush", turnCount: 8, seconds: 2, tally)
  }

  @Test func forPeople() {
    #expect(
      report().lines(plain, width: nil) == [
        "rush: 8 turns in 2.00 s", "",
        "CALL     COUNT  PER SECOND  P50 MS  P90 MS  P99 MS  MAX MS",
        "hold         4        2.00    2.02    4.00    4.00    4.00",
        "confirm      1        0.50    0.50    0.50    0.50    0.50", "",
        "FAILED  REASON             COUNT", "hold    NO_ADJACENT_SEATS      3",
        "hold    UNAVAILABLE            1", "",
        "Bookings left behind: 1 sold, 2 held until their time ends.",
      ])
    let nothing = BenchReport(name: "rush", turnCount: 0, seconds: 0, BenchTally())
    #expect(nothing.lines(plain, width: nil).last == "Nothing is left behind.")
  }

  @Test func forPrograms() throws {
    let text = String(decoding: report().json, as: UTF8.self)
    #expect(!text.contains("\n"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["bench"] as? String == "rush" && object["turns"] as? Int == 8)
    let calls = try #require(object["calls"] as? [[String: Any]])
    #expect(calls.map { $0["call"] as? String } == ["hold", "confirm"])
    #expect(calls[0]["count"] as? Int == 4 && calls[0]["maxMs"] as? Double == 4)
    let errors = try #require(object["errors"] as? [[String: Any]])
    #expect(errors.map { $0["reason"] as? String } == ["NO_ADJACENT_SEATS", "UNAVAILABLE"])
    #expect(errors.map { $0["count"] as? Int } == [3, 1])
    #expect(object["left"] as? [String: Int] == ["sold": 1, "held": 2, "unknown": 0])
  }

  @Test func aLoadFailsAsMostOfItDidUnlessAnythingSucceeded() {
    #expect(report().failure == nil)
    var tally = BenchTally()
    tally.note("hold", failed: Failure(RPCError(.unavailable, "away")))
    let lost = RPCError.refusal(.failedPrecondition, "NO_ADJACENT_SEATS", "None left.")
    for _ in 0..<2 { tally.note("hold", failed: Failure(lost)) }
    let failed = BenchReport(name: "rush", turnCount: 3, seconds: 1, tally)
    #expect(failed.failure?.exit == .seatsLost)
    let idle = BenchReport(name: "rush", turnCount: 0, seconds: 1, BenchTally())
    #expect(idle.failure?.exit == .other)
  }

  @Test func differentFailuresAreBounded() {
    var tally = BenchTally()
    for number in 0..<1_000 { tally.note("hold", failed: Failure(.other, "fault \(number)")) }
    #expect(tally.failures.count == Limits.benchReasons)
  }
}

@Suite struct SightingsTests {
  private func at(_ milliseconds: Int64) -> LoopInstant {
    LoopInstant(nanoseconds: milliseconds * 1_000_000)
  }

  private func watched(by count: Int) -> Sightings {
    var all = Sightings()
    for _ in 0..<count { all.join() }
    return all
  }

  @Test func eachChangeIsSeenOnceByEach() {
    var all = watched(by: 2)
    #expect(all.expect(5, sent: at(10)) == [] && all.dueCount == 2)
    #expect(all.see(5...5, at: at(13)) == [.milliseconds(3)])
    #expect(all.expect(6, sent: at(20)) == [] && all.dueCount == 3)
    // Merged for one that was behind; another's change is nobody's.
    #expect(all.see(5...7, at: at(25)) == [.milliseconds(15), .milliseconds(5)])
    #expect(all.see(6...6, at: at(26)) == [.milliseconds(6)] && all.dueCount == 0)
  }

  @Test func whatIsSeenBeforeItsAnswerCounts() {
    var all = watched(by: 2)
    #expect(all.see(4...5, at: at(11)) == [])
    #expect(all.expect(5, sent: at(10)) == [.milliseconds(1)] && all.dueCount == 1)
    #expect(all.see(4...5, at: at(12)) == [.milliseconds(2)] && all.dueCount == 0)
    #expect(all.see(6...6, at: at(13)) == [] && all.see(6...6, at: at(14)) == [])
    #expect(all.expect(6, sent: at(12)) == [.milliseconds(1), .milliseconds(2)])
    #expect(all.dueCount == 0)
  }

  @Test func whoIsGoneIsNotWaitedFor() {
    var all = watched(by: 2)
    _ = all.expect(2, sent: at(0))
    _ = all.expect(3, sent: at(0))
    #expect(all.see(2...2, at: at(1)) == [.milliseconds(1)] && all.dueCount == 3)
    all.leave(at: 2)
    #expect(all.dueCount == 2)
    #expect(all.see(2...3, at: at(2)).count == 2 && all.dueCount == 0)
    all.leave(at: 3)
    #expect(all.expect(4, sent: at(3)) == [] && all.dueCount == 0)
  }

  @Test func itsMemoryIsBounded() {
    var all = watched(by: 1)
    let limit = Int64(Limits.benchVersions)
    for version in 1...limit {
      #expect(!all.isFull)
      _ = all.expect(version, sent: at(0))
    }
    #expect(all.isFull)
    // However far behind a watcher was.
    #expect(all.see(1...Int64.max, at: at(1)).count == Limits.benchVersions)
    #expect(!all.isFull && all.dueCount == 0)
    var early = watched(by: 1)
    for version in 1...limit + 5 { _ = early.see(version...version, at: at(0)) }
    #expect(early.expect(limit, sent: at(0)).count == 1)
    #expect(early.expect(limit + 1, sent: at(0)) == [] && early.dueCount == 1)
  }
}

@Suite struct BenchLineTests {
  private func row(_ name: String, _ count: Int) -> [Usher.V1.Seat] {
    (0..<count).map { .init(label: "\(name)\($0)", row: name, x: Int32($0)) }
  }

  @Test(arguments: [
    (1, [1]), (2, [2]), (10, [10]), (11, [5, 6]), (21, [7, 7, 7]), (25, [8, 8, 9]),
  ])
  func rowsAreHeldInEvenParts(count: Int, parts: [Int]) {
    let groups = BenchLine.groups(of: row("A", count).shuffled() + row("B", 3))
    #expect(groups.map(\.count) == parts + [3])
    #expect(groups.flatMap { $0 } == (row("A", count) + row("B", 3)).map(\.label))
  }
}
