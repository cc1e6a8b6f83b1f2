// A soak: everything a server can be asked, at once and for long, with clients who leave when they
// like; then a look at whether anything of it is left. Fails when it is.

import Foundation
import RPC
import RPCTransport
import Reactor
import Synchronization
import UsherProtos

/// A soak of one server.
struct Soak: Sendable {
  let plan: SoakPlan
  let admin: SoakAdmin
  private let callLoop: EventLoop
  private let streamLoop: EventLoop
  private let showID: Int64
  private let began = LoopInstant.now

  init(_ plan: SoakPlan) async throws {
    self.plan = plan
    callLoop = try EventLoop(name: "calls")
    streamLoop = try EventLoop(name: "streams")
    admin = try SoakAdmin(plan, on: callLoop)
    let shows = try await Usher.V1.CatalogServiceClient(admin.channel).listShows(
      .init(pageSize: 1), options: plan.options())
    guard let show = shows.shows.first else { throw SoakError(description: "no show to watch") }
    showID = show.showId
  }

  /// A short round first: what a server keeps for good, it has then.
  func run() async throws -> (report: Data, isClean: Bool) {
    say("a short round first")
    let warm = try await round(1, calls: max(1, plan.calls / 10))
    say("everybody leaves")
    let (before, unsettled) = try await admin.settle(before: nil)
    say("\(plan.calls) calls beside \(plan.streams) streams")
    let (start, main) = (LoopInstant.now, try await round(2, calls: plan.calls))
    let seconds = (LoopInstant.now - start) / .seconds(1)
    say("everybody leaves")
    let (after, left) = try await admin.settle(before: before)
    let faults = warm.tally.faults + main.tally.faults
    let remains = try await unsettled + left + admin.unended()
    let report: [String: Any] = [
      "calls": main.callCount, "streams_at_once": plan.streams, "seconds": seconds,
      "calls_per_second": Double(main.callCount) / seconds, "outcomes": main.tally.counts,
      "before": before.report, "peak": main.peak?.report ?? [:], "after": after.report,
      "left": remains, "faults": faults, "seed": plan.seed,
    ]
    let text = try JSONSerialization.data(
      withJSONObject: report, options: [.sortedKeys, .prettyPrinted])
    let hadAll = (main.peak?.streams ?? 0) >= Int64(plan.streams)
    return (text, remains.isEmpty && faults.isEmpty && hadAll)
  }

  private func say(_ text: String) {
    let seconds = (LoopInstant.now - began) / .seconds(1)
    FileHandle.standardError.write(Data("\(String(format: "%6.1f", seconds)) s: \(text)\n".utf8))
  }

  private struct Round: Sendable {
    var tally = Tally()
    var callCount = 0
    /// With every stream open.
    var peak: NodeSums?
  }

  private func round(_ number: Int, calls: Int) async throws -> Round {
    let (isOver, nobodyWatches) = (Flag(), Flag())
    let seen = Sight()
    let streams = SoakStreams(plan: plan, loop: streamLoop, showID: showID)
    let callers = SoakCalls(plan: plan, loop: callLoop, showID: showID)
    let opened = Gate(1)
    async let watched = streams.run(round: number) {
      let sums: Result<NodeSums, any Error>
      do { sums = .success(try await admin.sums()) } catch { sums = .failure(error) }
      seen.sums.withLock { $0 = sums }
      await opened.pass()
    } isOver: {
      isOver.isUp
    }
    await opened.wait()
    async let sold = sell { nobodyWatches.isUp }
    let called = try await callers.run(count: calls, round: number)
    isOver.raise()
    var result = Round(tally: called, callCount: calls)
    result.tally.add(try await watched)
    // Only now: some watchers leave after one more event.
    nobodyWatches.raise()
    result.tally.add(await sold)
    result.peak = try seen.sums.withLock { $0 }?.get()
    return result
  }

  /// Something to watch: a pair of seats held and released, over and over.
  private func sell(until isOver: @Sendable () -> Bool) async -> Tally {
    var tally = Tally()
    let bookings = Usher.V1.BookingServiceClient(admin.channel)
    while !isOver() {
      do throws(RPCError) {
        let held = try await bookings.holdSeats(
          .init(
            showId: showID, bestAvailable: .init(count: 2), requestId: UUID().uuidString),
          options: plan.options())
        let id = held.booking?.bookingId ?? ""
        _ = try await bookings.releaseHold(
          .init(bookingId: id, requestId: UUID().uuidString), options: plan.options())
        tally.note("held and released")
      } catch {
        tally.fault("selling: \(error)")
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return tally
  }
}

/// Raised once, seen from anywhere.
final class Flag: Sendable {
  private let state = Atomic<Bool>(false)
  var isUp: Bool { state.load(ordering: .relaxed) }
  func raise() { state.store(true, ordering: .relaxed) }
}

/// What was seen while every stream was open.
private final class Sight: Sendable {
  let sums = Mutex<Result<NodeSums, any Error>?>(nil)
}

struct SoakError: Error, CustomStringConvertible {
  let description: String
}

@main struct SoakMain {
  static func main() async throws {
    signal(SIGPIPE, SIG_IGN)
    guard let plan = SoakPlan(CommandLine.arguments) else {
      let keys = "target= ca= token= calls= streams= [seed= connections= callers=]"
      FileHandle.standardError.write(Data("Soak \(keys)\n".utf8))
      exit(64)
    }
    let (report, isClean) = try await Soak(plan).run()
    FileHandle.standardOutput.write(report + Data("\n".utf8))
    exit(isClean ? 0 : 1)
  }
}
