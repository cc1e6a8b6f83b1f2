// Answers in memory: as long as nothing they rest on has changed, within bounds, asked once for all.

import BookingStore
import ProtoWire
import RPC
import Reactor
import Support
import Testing
import UsherProtos

@testable import UsherServices

/// A cache with a clock of its own, and a database that answers with how often it was asked. Confined
/// to a loop.
private final class Desk {
  let cache: AnswerCache
  private let clock = Clock()
  private(set) var askedCount = 0

  /// No two questions come at the same time.
  private final class Clock {
    var time = LoopInstant(nanoseconds: 1)

    func tick() -> LoopInstant {
      time = time + .nanoseconds(1)
      return time
    }
  }

  var time: LoopInstant {
    get { clock.time }
    set { clock.time = newValue }
  }

  init(byteLimit: Int = 1 << 20) {
    cache = AnswerCache(byteLimit: byteLimit, now: clock.tick)
    cache.streamBegan()
  }

  func key(_ page: Int32) -> AnswerKey {
    AnswerKey(
      Usher.V1.CatalogServiceMethods.listCities,
      Usher.V1.ListCitiesRequest(pageSize: page).protoBytes())
  }

  /// What is asked now, in `padding` bytes and a few.
  func answer(
    _ page: Int32 = 0, _ footing: AnswerFooting = .init([.places]), padding: Int = 0,
    meanwhile: () async throws(RPCError) -> Void = {}
  ) async throws -> String {
    try Self.text(
      await cache.answer(key(page), footing) { () async throws(RPCError) in
        askedCount += 1
        let count = askedCount
        try await meanwhile()
        return Usher.V1.ListCitiesResponse(
          nextPageToken: "\(count)" + String(repeating: " ", count: padding))
      })
  }

  /// Expects an answer.
  func answers(
    _ expected: String, _ page: Int32 = 0, _ footing: AnswerFooting = .init([.places]),
    at location: SourceLocation = #_sourceLocation,
    meanwhile: () async throws(RPCError) -> Void = {}
  ) async throws {
    let answer = try await answer(page, footing, meanwhile: meanwhile)
    #expect(answer == expected, sourceLocation: location)
  }

  static func text(_ answer: SharedEnvelope) -> String {
    let message = try? Usher.V1.ListCitiesResponse(protoBytes: Array(answer.bytes.dropFirst(5)))
    return message?.nextPageToken.trimmingPrefix(" ").split(separator: " ").first.map(String.init)
      ?? ""
  }
}

@Suite(.timeLimit(.minutes(1))) struct AnswerCacheTests {
  private func atDesk(_ body: @escaping @Sendable (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    let result: Result<Void, any Error> = await loop.run {
      do { return .success(try await body(loop)) } catch { return .failure(error) }
    }
    loop.stop()
    try result.get()
  }

  @Test func whatWasAskedIsNotAskedAgain() async throws {
    try await atDesk { _ in
      let desk = Desk()
      try await desk.answers("1")
      try await desk.answers("1")
      #expect(desk.cache.answer(desk.key(0)).map(Desk.text) == "1")
      try await desk.answers("2", 1)
      #expect(desk.cache.answer(desk.key(2)) == nil)
    }
  }

  @Test(arguments: [
    (CatalogueChange(.places), [CatalogueScope.places]),
    (CatalogueChange(.movies), [.movies]),
    (CatalogueChange(.reviews, movieID: 4), [.reviews(4)]),
    (
      CatalogueChange(.shows, cityID: 2, theatreID: 3, movieID: 4),
      [.shows, .showsInCity(2), .showsAtTheatre(3), .showsOfMovie(4)]
    ),
  ])
  func aChangeEndsWhatRestsOnIt(change: CatalogueChange, hit: [CatalogueScope]) async throws {
    let all: [CatalogueScope] = [
      .places, .movies, .shows, .showsInCity(2), .showsInCity(9), .showsAtTheatre(3),
      .showsAtTheatre(9), .showsOfMovie(4), .showsOfMovie(9), .reviews(4), .reviews(9),
    ]
    try await atDesk { _ in
      let desk = Desk()
      for (page, scope) in all.enumerated() {
        _ = try await desk.answer(Int32(page), .init([.movies, scope]))
        _ = try await desk.answer(Int32(100 + page), .init([scope]))
      }
      desk.cache.note(change)
      for (page, scope) in all.enumerated() {
        let isKept = desk.cache.answer(desk.key(Int32(100 + page))) != nil
        #expect(isKept == !hit.contains(scope), "\(scope)")
        let isKeptOnTwo = desk.cache.answer(desk.key(Int32(page))) != nil
        #expect(isKeptOnTwo == (isKept && !hit.contains(.movies)), "movies and \(scope)")
      }
    }
  }

  @Test func whatIsAskedBeforeACommitIsSeenIsNotKept() async throws {
    try await atDesk { _ in
      let desk = Desk()
      desk.cache.note(CatalogueChange(.places))
      try await desk.answers("1")
      try await desk.answers("2")
      desk.time = desk.time + .seconds(1)
      try await desk.answers("3")
      try await desk.answers("3")
    }
  }

  @Test func aChangeOfThisNodeIsSeenAtOnce() async throws {
    try await atDesk { _ in
      let desk = Desk()
      try await desk.answers("1")
      desk.cache.forgetAll()
      try await desk.answers("2")
      try await desk.answers("2")
    }
  }

  @Test func aChangeOfThisNodeTouchesWhatRestsOnIt() async throws {
    try await atDesk { _ in
      let desk = Desk()
      try await desk.answers("1")
      desk.cache.noteOwn(CatalogueChange(.movies))
      try await desk.answers("1")
      desk.cache.noteOwn(CatalogueChange(.places))
      try await desk.answers("2")
      try await desk.answers("2")
      // What comes back by the feed, or what another node has done, takes its time all the same.
      desk.cache.note(CatalogueChange(.places))
      desk.cache.noteOwn(CatalogueChange(.places))
      try await desk.answers("3")
      try await desk.answers("4")
    }
  }

  @Test(arguments: [(false, 60), (true, 10)])
  func anAnswerGetsOld(isTimely: Bool, seconds: Int) async throws {
    try await atDesk { _ in
      let desk = Desk()
      let footing = AnswerFooting([.places], isTimely: isTimely)
      let begin = desk.time
      try await desk.answers("1", 0, footing)
      desk.time = begin + (.seconds(seconds) - .microseconds(1))
      try await desk.answers("1", 0, footing)
      desk.time = begin + .seconds(seconds) + .microseconds(1)
      try await desk.answers("2", 0, footing)
    }
  }

  @Test func withoutItsFeedNothingIsKept() async throws {
    try await atDesk { _ in
      let desk = Desk()
      try await desk.answers("1")
      desk.cache.streamEnded()
      #expect(desk.cache.count == 0 && desk.cache.byteCount == 0)
      try await desk.answers("2")
      try await desk.answers("3")
      // What is asked before the feed is back may have missed a change.
      try await desk.answers("4", meanwhile: { desk.cache.streamBegan() })
      try await desk.answers("5")
      try await desk.answers("5")
    }
  }

  @Test func aFeedThatWasAwayMeanwhileIsAsGoodAsNone() async throws {
    try await atDesk { _ in
      let desk = Desk()
      let first = try await desk.answer(meanwhile: {
        desk.cache.streamEnded()
        desk.cache.streamBegan()
      })
      #expect(first == "1")
      try await desk.answers("2")
    }
  }

  @Test func aChangeWhileTheDatabaseThinksEndsTheAnswer() async throws {
    try await atDesk { _ in
      let desk = Desk()
      try await desk.answers("1", meanwhile: { desk.cache.note(CatalogueChange(.places)) })
      desk.time = desk.time + .seconds(2)
      try await desk.answers("2")
      try await desk.answers("3", 1, meanwhile: { desk.cache.note(.init(.movies)) })
      try await desk.answers("3", 1)
    }
  }

  @Test func memoryIsBounded() async throws {
    try await atDesk { _ in
      let desk = Desk(byteLimit: 100_000)
      for page in Int32(0)..<500 {
        _ = try await desk.answer(page, padding: 1_000)
        #expect(desk.cache.byteCount <= 100_000)
        #expect(desk.cache.answer(desk.key(0)) != nil, "what is used stays")
      }
      #expect((35...45).contains(desk.cache.count))
      _ = try await desk.answer(1_000, padding: 600_000)
      #expect(desk.cache.answer(desk.key(1_000)) == nil, "larger than any answer that is kept")
      for page in Int32(0)..<500 { desk.cache.note(.init(.reviews, movieID: Int64(page))) }
      #expect(desk.cache.answer(desk.key(0)) != nil)
    }
  }

  @Test func changesThatAreTooManyToRememberEndEverything() async throws {
    try await atDesk { _ in
      let desk = Desk()
      _ = try await desk.answer()
      for movie in 0..<Int64(Limits.rememberedChanges) {
        desk.cache.note(.init(.reviews, movieID: movie))
      }
      #expect(desk.cache.answer(desk.key(0)) != nil)
      desk.cache.note(.init(.reviews, movieID: -1))
      #expect(desk.cache.answer(desk.key(0)) == nil)
    }
  }
}

// MARK: Many who ask

extension AnswerCacheTests {
  /// Callers of one question: how many of them wait before the database answers.
  private final class Storm {
    let desk = Desk()
    var gate: CheckedContinuation<RPCError?, Never>?
    let answers = Mailbox<Result<String, RPCError>>()
  }

  /// A caller whose answer, if it is the one to ask, waits at the gate. On the storm's loop.
  private static func call(_ storm: LoopBound<Storm>) {
    storm.loop.spawn {
      let (storm, desk) = (storm.value, storm.value.desk)
      do {
        storm.answers.put(
          .success(
            try await desk.answer { () async throws(RPCError) in
              if let error = await withCheckedContinuation({ storm.gate = $0 }) { throw error }
            }))
      } catch {
        storm.answers.put(.failure((error as? RPCError) ?? RPCError(.unknown, "\(error)")))
      }
    }
  }

  private func inStorm(
    _ body: @escaping @Sendable (LoopBound<Storm>) async throws -> Void
  ) async throws {
    try await atDesk { loop in
      let storm = LoopBound(Storm(), loop: loop)
      for _ in 0..<100 { Self.call(storm) }
      while storm.value.gate == nil { await Task.yield() }
      try await body(storm)
    }
  }

  @Test func aStormAsksOnce() async throws {
    try await inStorm { storm in
      storm.value.gate.take()?.resume(returning: nil)
      let answers = await storm.value.answers.wait(for: 100)
      #expect(answers.allSatisfy { $0 == .success("1") } && storm.value.desk.askedCount == 1)
    }
  }

  @Test(arguments: [RPCError(.unavailable, "away"), .overloaded])
  func aFailureIsToldToAllWhoWait(error: RPCError) async throws {
    try await inStorm { storm in
      storm.value.gate.take()?.resume(returning: error)
      let answers = await storm.value.answers.wait(for: 100)
      #expect(answers.allSatisfy { $0 == .failure(error) })
      #expect(storm.value.desk.askedCount == 1)
    }
  }

  @Test(arguments: [
    RPCError.cancelled, .deadlineExceeded,
    .tooManyCalls("selling", perSecond: 5, wait: .seconds(1)),
  ])
  func whenWhoAskedHasLeftTheNextOneAsks(end: RPCError) async throws {
    try await inStorm { storm in
      storm.value.gate.take()?.resume(returning: end)
      #expect(await storm.value.answers.wait(for: 1) == [.failure(end)])
      while storm.value.gate == nil { await Task.yield() }
      storm.value.gate.take()?.resume(returning: nil)
      let answers = await storm.value.answers.wait(for: 100)
      #expect(answers.dropFirst().allSatisfy { $0 == .success("2") })
      #expect(storm.value.desk.askedCount == 2)
    }
  }

  @Test func whoAsksAfterAChangeDoesNotWaitForWhatWasAskedBefore() async throws {
    try await inStorm { storm in
      let before = storm.value.gate.take()
      storm.value.desk.cache.note(CatalogueChange(.places))
      Self.call(storm)
      while storm.value.gate == nil { await Task.yield() }
      storm.value.gate.take()?.resume(returning: nil)
      #expect(await storm.value.answers.wait(for: 1) == [.success("2")])
      before?.resume(returning: nil)
      let answers = await storm.value.answers.wait(for: 101)
      #expect(answers.dropFirst().allSatisfy { $0 == .success("1") })
    }
  }

  @Test func aChangeElsewhereLetsThemWait() async throws {
    try await inStorm { storm in
      storm.value.desk.cache.note(CatalogueChange(.movies))
      storm.value.desk.cache.noteOwn(CatalogueChange(.reviews, movieID: 1))
      Self.call(storm)
      storm.value.gate.take()?.resume(returning: nil)
      let answers = await storm.value.answers.wait(for: 101)
      #expect(answers.allSatisfy { $0 == .success("1") } && storm.value.desk.askedCount == 1)
    }
  }
}
