// A peer for the client's tests: a server with one small theatre that sells seats in memory, and
// that can be told to lose an answer or to cut its streams.

import Logging
import ProtoWire
import RPC
import RPCTransport
import Reactor
import Synchronization
import UsherProtos

/// What the theatre knows. One booking at a time, under its owner's lock.
struct Town {
  var version: Int64 = 1
  var seats: [Usher.V1.Seat]
  var bookings: [String: Usher.V1.Booking] = [:]
  var answers: [String: Usher.V1.Booking] = [:]
  var changes: [Usher.V1.SeatMapChange] = []
  var watchers: [Int: AsyncStream<Usher.V1.SeatMapChange>.Continuation] = [:]
  var watcherCount = 0
  /// Streams of many shows that have begun.
  var groupWatcherCount = 0
  var arrivals: [(count: Int, resume: CheckedContinuation<Void, Never>)] = []
  /// Changes whose answers are still to be lost after they happened.
  var answersToLose = 0
  var holdCalls = 0
  /// Streams of parties in line, and who left it.
  var parties: [Usher.V1.JoinWaitlistRequest] = []
  var leavers: [String] = []
  /// Pages of cities that were asked for, and how long, last first, whoever asks for one behind the first is
  /// told to wait.
  var cityPages: [String] = []
  var cityPauses: [Duration] = []

  mutating func set(_ labels: [String], _ state: Usher.V1.SeatState) {
    var changed: [Usher.V1.SeatChange] = []
    for index in seats.indices where labels.contains(seats[index].label) {
      seats[index].state = state
      changed.append(
        .init(label: seats[index].label, state: state, seatNumber: seats[index].seatNumber))
    }
    version += 1
    let change = Usher.V1.SeatMapChange(
      version: version, previousVersion: version - 1, seats: changed)
    changes.append(change)
    for watcher in watchers.values { watcher.yield(change) }
  }
}

final class Peer: Sendable {
  static let key = "usher_pk_test"
  static let show = Usher.V1.Show(
    showId: 7, kind: .film, movieId: 3, title: "The Long Winter", theatreId: 2,
    theatreName: "Metropol", cityId: 1, cityName: "Berlin", auditoriumId: 4,
    auditoriumName: "Screen 3", language: "en", format: "2D",
    endsAt: .init(seconds: 1_806_261_720), localStart: "2027-03-28T19:30",
    timeZone: "Europe/Berlin", utcOffsetMinutes: 120, salesState: .onSale,
    prices: [
      .init(tier: "GOLD", price: .init(currencyCode: "EUR", minorUnits: 1_400)),
      .init(tier: "STALLS", price: .init(currencyCode: "EUR", minorUnits: 900)),
    ], seatCount: 10)

  let town: Mutex<Town>
  private let loop: EventLoop
  private let server: Server
  var address: String { "\(server.address)" }

  init() async throws {
    let state = Mutex(Town(seats: Self.seats()))
    town = state
    loop = try EventLoop(name: "peer")
    let holder = PeerHolder()
    var router = Router()
    router.register(PeerCatalog(holder: holder))
    router.register(PeerMaps(holder: holder))
    router.register(PeerBookings(holder: holder))
    router.register(PeerWaitlist(holder: holder))
    server = try Server(
      loops: [loop], router: router,
      configuration: ServerConfiguration(
        address: HostPort(host: "127.0.0.1", port: 0), tls: nil),
      logger: Logger(label: "peer", factory: { _ in SwiftLogNoOpLogHandler() }))
    holder.peer.withLock { $0 = self }
    await server.start()
  }

  func stop() async {
    cutStreams()
    await server.drain(grace: .zero)
    loop.stop()
  }

  /// Ends every watched stream; what changes before they come back is missed by them.
  func cutStreams() {
    let watchers = town.withLock { town in
      defer { town.watchers = [:] }
      return town.watchers
    }
    for watcher in watchers.values { watcher.finish() }
  }

  /// Returns once so many streams have been opened in all.
  func watchers(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = town.withLock { town in
        if town.watcherCount < count { town.arrivals.append((count, continuation)) }
        return town.watcherCount >= count
      }
      if isThere { continuation.resume() }
    }
  }

  /// Two rows of five with an aisle; the front row is STALLS, the back row GOLD.
  private static func seats() -> [Usher.V1.Seat] {
    var seats: [Usher.V1.Seat] = []
    for (y, row) in ["A", "B"].enumerated() {
      for (number, x) in [0, 1, 3, 4, 5].enumerated() {
        seats.append(
          .init(
            seatNumber: Int32(seats.count + 1), label: "\(row)\(number + 1)", row: row,
            x: Int32(x), y: Int32(y), tier: y == 0 ? "STALLS" : "GOLD", state: .available))
      }
    }
    return seats
  }
}

/// Breaks the circle between the peer and the router that it hands to its server.
final class PeerHolder: Sendable {
  let peer = Mutex<Peer?>(nil)

  func town<R: Sendable>(_ body: (inout Town) -> R) -> R? {
    peer.withLock { $0 }.map { $0.town.withLock { town in body(&town) } }
  }

  /// Counts a stream that stays open, and returns the town it found.
  @discardableResult
  func watch(_ stream: AsyncStream<Usher.V1.SeatMapChange>.Continuation) -> Town? {
    town { town in
      town.watcherCount += 1
      town.watchers[town.watcherCount] = stream
      for arrival in town.arrivals where arrival.count <= town.watcherCount {
        arrival.resume.resume()
      }
      town.arrivals.removeAll { $0.count <= town.watcherCount }
      return town
    }
  }
}

extension RPCError {
  static func refusal(
    _ code: StatusCode, _ reason: String, _ message: String, metadata: [String: String] = [:],
    violations: [(String, String)] = [], retryAfter: Duration? = nil
  ) -> RPCError {
    let info = Google.Rpc.ErrorInfo(reason: reason, domain: "usher", metadata: metadata)
    var details = [Self.packed("ErrorInfo", info.protoBytes())]
    if !violations.isEmpty {
      let request = Google.Rpc.BadRequest(
        fieldViolations: violations.map { .init(field: $0.0, description: $0.1) })
      details.append(Self.packed("BadRequest", request.protoBytes()))
    }
    if let (seconds, attoseconds) = retryAfter?.components {
      let delay = Google.Protobuf.Duration(
        seconds: seconds, nanos: Int32(attoseconds / 1_000_000_000))
      details.append(Self.packed("RetryInfo", Google.Rpc.RetryInfo(retryDelay: delay).protoBytes()))
    }
    let status = Google.Rpc.Status(
      code: Int32(code.rawValue), message: message, details: details)
    return RPCError(code, message, details: status.protoBytes())
  }

  private static func packed(_ name: String, _ bytes: [UInt8]) -> Google.Protobuf.Any_ {
    .init(typeUrl: "type.googleapis.com/google.rpc.\(name)", value: bytes)
  }
}
