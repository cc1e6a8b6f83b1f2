// Calls that need not wait: they need no task, and pass the same chain as all others.

import RPC
import Reactor
import Synchronization
import Testing
import UsherProtos
import UsherServices

/// What happened, in order.
private final class Notes: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Begins at once or waits first, lets calls through or does not.
private final class Link: ServerInterceptor {
  let name: String
  let waits: Bool
  let refuses: Bool
  let notes: Notes

  init(name: String, waits: Bool, refuses: Bool = false, notes: Notes) {
    self.name = name
    self.waits = waits
    self.refuses = refuses
    self.notes = notes
  }

  func callBeginsAtOnce(_ context: ServerContext) throws(RPCError) -> Bool {
    if waits { return false }
    try begin()
    return true
  }

  func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    await Task.yield()
    try begin()
  }

  func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
    notes.note("\(name) ends \(code.name)")
  }

  private func begin() throws(RPCError) {
    if refuses { throw RPCError(.permissionDenied, "not here") }
    notes.note("\(name) begins")
  }
}

@Suite struct PromptAnswerTests {
  private typealias Health = Grpc.Health.V1

  private let notes = Notes()

  /// A server whose health is checked by a handler that has the answer, or waits for it.
  private func router(_ chain: [Link], waits: Bool = false) -> Router {
    var router = Router(interceptors: chain)
    router.register(HealthService(HealthBoard(services: [], isServing: false)))
    let notes = notes
    router.answerAtOnce(Health.HealthMethods.check) {
      (request: Health.HealthCheckRequest, context)
        throws(RPCError) -> PromptAnswer<Health.HealthCheckResponse> in
      notes.note("asked of \(request.service), tasks \(context.loop.figures.taskCount)")
      guard waits else { return .answer(.init(status: .serving)) }
      return .waiting { () async throws(RPCError) in
        await Task.yield()
        notes.note("waited, tasks \(context.loop.figures.taskCount)")
        return .init(status: .serving)
      }
    }
    return router
  }

  private func check(_ router: Router, _ loop: EventLoop, times: Int = 1) throws -> LocalCall {
    try #require(
      LocalCall(
        router, Health.HealthMethods.check, on: loop,
        requests: Array(repeating: Health.HealthCheckRequest(service: "x"), count: times)))
  }

  @Test(arguments: [[], [false], [true], [false, false], [false, true], [true, false]])
  func theChainIsTheSameWhoeverWaits(waits: [Bool]) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let links = waits.enumerated().map { Link(name: "\($0)", waits: $1, notes: notes) }
      let call = try check(router(links), loop)
      let isOver = call.sink.status != nil
      #expect(isOver != waits.contains(true), "who need not wait is answered on the spot")
      #expect(await call.sink.ending() == .ok)
      let answer = try await call.sink.message(0, Health.HealthCheckResponse.self)
      #expect(answer?.status == .serving)
    }
    let names = waits.indices.map { "\($0)" }
    #expect(
      notes.all == names.map { "\($0) begins" }
        + ["asked of x, tasks \(waits.contains(true) ? 1 : 0)"]
        + names.reversed().map { "\($0) ends OK" })
    loop.stop()
  }

  @Test(arguments: [false, true])
  func whoIsRefusedIsNotAsked(waits: Bool) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let links = [
        Link(name: "0", waits: false, notes: notes),
        Link(name: "1", waits: waits, refuses: true, notes: notes),
        Link(name: "2", waits: false, notes: notes),
      ]
      let call = try check(router(links), loop)
      #expect(await call.sink.ending() == .permissionDenied)
    }
    #expect(notes.all == ["0 begins", "0 ends PERMISSION_DENIED"])
    loop.stop()
  }

  @Test func whatHasToWaitGetsATask() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let call = try check(router([], waits: true), loop)
      #expect(call.sink.status == nil)
      #expect(await call.sink.ending() == .ok)
      let answer = try await call.sink.message(0, Health.HealthCheckResponse.self)
      #expect(answer?.status == .serving)
      #expect(loop.figures.taskCount == 0)
    }
    #expect(notes.all == ["asked of x, tasks 0", "waited, tasks 1"])
    loop.stop()
  }

  @Test(arguments: [0, 2])
  func aRequestOfOtherThanOneMessageIsNotServed(times: Int) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let call = try check(router([]), loop, times: times)
      #expect(await call.sink.ending() == .unimplemented)
    }
    #expect(notes.all.isEmpty)
    loop.stop()
  }

  @Test(arguments: [("", StatusCode.ok), ("x.Y", .notFound)])
  func healthIsToldAtOnce(service: String, code: StatusCode) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let health = HealthService(HealthBoard(services: [], isServing: true))
      var router = Router()
      router.register(health)
      health.answerAtOnce(in: &router)
      let call = try #require(
        LocalCall(
          router, Health.HealthMethods.check, on: loop,
          requests: [Health.HealthCheckRequest(service: service)]))
      #expect(call.sink.status?.code == code)
    }
    loop.stop()
  }
}
