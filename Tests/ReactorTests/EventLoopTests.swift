// Behaviour of the event loop: where work runs, in what order, and what a cancelled thing does.

import CLinux
import Reactor
import Synchronization
import Testing

@Suite struct EventLoopTests {
  @Test func tasksStayOnTheLoopAcrossSuspensions() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let places = await loop.run { () async -> [Bool] in
      var places = [loop.isInside]
      try? await Task.sleep(for: .microseconds(1))
      places.append(loop.isInside)
      async let child = loop.isInside
      places.append(await child)
      return places
    }
    #expect(places == [true, true, true])
    #expect(!loop.isInside)
  }

  @Test func spawnInsideRunsAtOnceUpToTheFirstSuspension() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let order = await loop.run { () async -> [Int] in
      let order = Mutex<[Int]>([])
      let task = loop.spawn {
        order.withLock { $0.append(1) }
        await Task.yield()
        order.withLock { $0.append(3) }
      }
      order.withLock { $0.append(2) }
      await task.value
      return order.withLock { $0 }
    }
    #expect(order == [1, 2, 3])
  }

  /// A peer that has been told something by another loop asks this one, which was told before.
  @Test func whatWasPostedIsDoneBeforeABytesHandlerRuns() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    defer { for end in [reading, writing] { close(end) } }
    let order = try await loop.run { () async throws -> [String] in
      let order = Mutex<[String]>([])
      try await withCheckedThrowingContinuation { continuation in
        do {
          var registration: Registration?
          registration = try loop.register(reading, .read) { _ in
            order.withLock { $0.append("bytes") }
            registration?.cancel()
            continuation.resume()
          }
          _ = write(writing, "x", 1)
          loop.execute { order.withLock { $0.append("posted") } }
        } catch {
          continuation.resume(throwing: error)
        }
      }
      return order.withLock { $0 }
    }
    #expect(order == ["posted", "bytes"])
  }

  @Test func timersFireInDeadlineOrderAndCancelledOnesNever() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let fired = await loop.run { () async -> [Int] in
      await withCheckedContinuation { continuation in
        let recorder = Recorder()
        let start = LoopInstant.now
        for number in [3, 1, 2] {
          loop.schedule(at: start + .microseconds(number)) { recorder.values.append(number) }
        }
        for number in 10..<300 {
          loop.schedule(at: start + .microseconds(5)) { recorder.values.append(number) }.cancel()
        }
        loop.schedule(at: start + .milliseconds(1)) {
          continuation.resume(returning: recorder.values)
        }
      }
    }
    #expect(fired == [1, 2, 3])
  }

  @Test func descriptorsReportReadinessUntilCancelled() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (readEnd, writeEnd) = (ends[0], ends[1])
    defer {
      close(readEnd)
      close(writeEnd)
    }
    let byte: UInt8 = await loop.run { () async -> UInt8 in
      await withCheckedContinuation { continuation in
        let holder = Holder()
        holder.registration = try? loop.register(readEnd, .read) { interest in
          var byte: UInt8 = 0
          #expect(interest.contains(.read))
          #expect(read(readEnd, &byte, 1) == 1)
          holder.registration?.cancel()
          holder.registration?.cancel()
          continuation.resume(returning: byte)
        }
        var byte: UInt8 = 42
        #expect(write(writeEnd, &byte, 1) == 1)
      }
    }
    #expect(byte == 42)
  }

  @Test func batchEndRunsAfterTheJobsOfTheBatch() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let seen = await loop.run { () async -> [Int] in
      await withCheckedContinuation { continuation in
        let handler = EndHandler(continuation)
        loop.atBatchEnd(handler)
        loop.spawn {}
        handler.values.append(1)
      }
    }
    #expect(seen == [1, 2])
  }

  @Test func workPostedFromManyThreadsAllRuns() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let count = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          for _ in 0..<100 { loop.execute { [count] in count.add() } }
          await loop.run { () async in }
        }
      }
    }
    #expect(count.value == 5_000)
  }

  @Test func instantsSaturate() {
    let far = LoopInstant(nanoseconds: .max - 1) + .seconds(Int64.max)
    #expect(far == LoopInstant(nanoseconds: .max))
    #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    #expect(Duration.milliseconds(1_500).wholeMilliseconds == 1_500)
  }
}

private final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}
private final class Recorder { var values: [Int] = [] }
private final class Holder { var registration: Registration? }

private final class EndHandler: BatchEndHandler {
  var values: [Int] = []
  let continuation: CheckedContinuation<[Int], Never>
  init(_ continuation: CheckedContinuation<[Int], Never>) { self.continuation = continuation }
  func batchEnded() { continuation.resume(returning: values + [2]) }
}
