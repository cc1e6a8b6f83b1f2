// A load generator that sells: holds pairs of seats, each pair once, over our own channel. Knows
// the shape of the benchmark's shows (numbered from 1, seats labelled S0, S1, …) and nothing of
// the server behind the address.

import Foundation
import RPC
import RPCTransport
import Reactor
import TLS
import UsherProtos

/// What to sell and how hard to push. Read from `KEY=VALUE` arguments.
struct SalePlan: Sendable {
  let target: HostPort
  let authority: String
  let token: String
  let shows: Int
  let seatsPerShow: Int
  /// Pairs before this one are sold already, or someone else's.
  let firstPair: Int
  let connections: Int
  /// Requests in flight at a time, over all connections.
  let inFlight: Int
  let seconds: Double

  init?(_ arguments: [String]) {
    let pairs = arguments.compactMap { argument -> (String, String)? in
      guard let sign = argument.firstIndex(of: "=") else { return nil }
      return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    }
    let values = Dictionary(pairs) { $1 }
    func number(_ key: String) -> Int? { values[key].flatMap(Int.init) }
    guard let target = values["target"].flatMap({ HostPort($0) }),
      let authority = values["ca"], let token = values["token"],
      let shows = number("shows"), shows > 0,
      let seatsPerShow = number("seats"), seatsPerShow >= 2,
      let connections = number("connections"), connections > 0,
      let inFlight = number("in_flight"), inFlight >= connections,
      let seconds = values["seconds"].flatMap(Double.init), (0.1...120).contains(seconds)
    else { return nil }
    (self.target, self.authority, self.token) = (target, authority, token)
    (self.shows, self.seatsPerShow) = (shows, seatsPerShow)
    (self.connections, self.inFlight, self.seconds) = (connections, inFlight, seconds)
    firstPair = number("first_pair") ?? 0
  }

  var pairCount: Int { shows * (seatsPerShow / 2) }

  /// Pairs go round the shows: consecutive requests are for different shows.
  func request(pair: Int) -> Usher.V1.HoldSeatsRequest {
    let seat = pair / shows * 2
    return Usher.V1.HoldSeatsRequest(
      showId: Int64(pair % shows + 1), seats: ["S\(seat)", "S\(seat + 1)"],
      requestId: UUID().uuidString)
  }
}

/// What came of it. Lives on the generator's loop.
final class SaleTally {
  private(set) var latencies: [Duration] = []
  private(set) var errors: [String: Int] = [:]

  func note(held latency: Duration) { latencies.append(latency) }
  func note(_ error: RPCError) { errors["\(error.code)", default: 0] += 1 }

  /// One line of JSON.
  func report(seconds: Double, cpuSeconds: Double, nextPair: Int) throws -> Data {
    let sorted = latencies.sorted()
    func percentile(_ share: Double) -> Double {
      guard !sorted.isEmpty else { return 0 }
      let index = min(sorted.count - 1, Int(Double(sorted.count) * share))
      return sorted[index] / .milliseconds(1)
    }
    let values: [String: Any] = [
      "held": sorted.count, "seconds": seconds, "cpu_seconds": cpuSeconds, "errors": errors,
      "next_pair": nextPair, "p50_ms": percentile(0.5), "p99_ms": percentile(0.99),
    ]
    return try JSONSerialization.data(withJSONObject: values, options: [.sortedKeys])
  }
}

/// Sells pairs until the time is over or none is left.
final class Sale: Sendable {
  private let plan: SalePlan
  private let loop: EventLoop
  private let state: LoopBound<SaleState>

  init(_ plan: SalePlan, on loop: EventLoop) {
    self.plan = plan
    self.loop = loop
    state = LoopBound(SaleState(nextPair: plan.firstPair), loop: loop)
  }

  /// Connects, calls `whenWarm`, sells, and returns the report.
  func run(whenWarm: @Sendable () -> Void) async throws -> Data {
    let tls = try TLSContext(trustedCertificateFile: plan.authority)
    let channels = (0..<plan.connections).map { _ in
      Channel(loop: loop, target: plan.target, tls: tls)
    }
    try await warmUp(channels)
    whenWarm()
    let (began, cpuBefore) = (LoopInstant.now, Self.cpuSeconds())
    let end = began + .seconds(plan.seconds)
    let sellers = (0..<plan.inFlight).map { number in
      let channel = channels[number % channels.count]
      return loop.spawn { await self.sell(over: channel, until: end) }
    }
    for seller in sellers { await seller.value }
    let seconds = (LoopInstant.now - began) / .seconds(1)
    let cpuSeconds = Self.cpuSeconds() - cpuBefore
    for channel in channels { await channel.close() }
    return try await loop.run { () async throws in
      try self.state.value.tally.report(
        seconds: seconds, cpuSeconds: cpuSeconds, nextPair: self.state.value.nextPair)
    }
  }

  /// What this process has used so far. The corresponding C function is `getrusage`.
  private static func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let micros = (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + Double(micros) / 1e6
  }

  /// Connections, handshakes and the server's own first look at the key and the shows are not what
  /// is measured: every connection makes calls, and together they look at each show once.
  private func warmUp(_ channels: [Channel]) async throws {
    let options = options
    for (index, channel) in channels.enumerated() {
      let catalog = Usher.V1.CatalogServiceClient(channel)
      for show in stride(from: index + 1, through: plan.shows, by: channels.count) {
        _ = try await catalog.getShow(
          Usher.V1.GetShowRequest(showId: Int64(show)), options: options)
      }
    }
  }

  private var options: CallOptions {
    var options = CallOptions(timeout: .seconds(30))
    options.metadata.append("authorization", "Bearer \(plan.token)")
    return options
  }

  private func sell(over channel: Channel, until end: LoopInstant) async {
    let client = Usher.V1.BookingServiceClient(channel)
    let options = options
    while LoopInstant.now < end, let pair = state.value.takePair(of: plan.pairCount) {
      let request = plan.request(pair: pair)
      let began = LoopInstant.now
      do throws(RPCError) {
        _ = try await client.holdSeats(request, options: options)
        state.value.tally.note(held: LoopInstant.now - began)
      } catch {
        state.value.tally.note(error)
      }
    }
  }
}

/// The part of a sale that is confined to its loop.
final class SaleState {
  private(set) var nextPair: Int
  let tally = SaleTally()

  init(nextPair: Int) { self.nextPair = nextPair }

  func takePair(of count: Int) -> Int? {
    guard nextPair < count else { return nil }
    nextPair += 1
    return nextPair - 1
  }
}

@main struct SeatLoad {
  static func main() async throws {
    guard let plan = SalePlan(CommandLine.arguments) else {
      let keys = "target= ca= token= shows= seats= first_pair= connections= in_flight= seconds="
      FileHandle.standardError.write(Data("SeatLoad \(keys)\n".utf8))
      exit(64)
    }
    let report = try await Sale(plan, on: EventLoop(name: "sale")).run {
      // Whoever measures says when to begin.
      FileHandle.standardOutput.write(Data("ready to sell\n".utf8))
      _ = readLine()
    }
    FileHandle.standardOutput.write(report + Data("\n".utf8))
  }
}
