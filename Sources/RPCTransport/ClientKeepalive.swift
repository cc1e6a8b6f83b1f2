// When a client pings its server, and when it gives the connection up (gRFC A8). Pure: the caller
// hands in the time.

package import Reactor

/// What a channel wants of keepalive.
package struct KeepaliveOptions: Sendable {
  /// Silence after which the client pings.
  package private(set) var interval: Duration
  /// Time for the answer.
  package var timeout: Duration
  /// Whether a connection without calls is pinged too.
  package var permitsWithoutStreams: Bool

  /// No client pings more often: a server would take it for an attack.
  package static let shortestInterval = Duration.seconds(10)

  /// `floor` replaces the shortest interval in tests.
  package init(
    interval: Duration, timeout: Duration = .seconds(20), permitsWithoutStreams: Bool = false,
    floor: Duration = KeepaliveOptions.shortestInterval
  ) {
    self.interval = max(interval, floor)
    self.timeout = timeout
    self.permitsWithoutStreams = permitsWithoutStreams
  }

  /// The options after a GOAWAY: half as often when the server says ENHANCE_YOUR_CALM because of
  /// `too_many_pings`, and at least once a day.
  package func after(goAway code: UInt32, reason: String) -> KeepaliveOptions {
    guard code == 0xb, reason == "too_many_pings" else { return self }
    var calmer = self
    calmer.interval = min(interval * 2, .seconds(86_400))
    return calmer
  }
}

/// The pings of one connection.
///
/// States: listening → pinged (until `timeout`) → listening again when anything arrives, or given up.
package struct ClientKeepalive {
  package enum Step: Equatable {
    /// Nothing to do before this instant.
    case wait(until: LoopInstant)
    /// Send a PING, and ask again at this instant.
    case ping(askAgain: LoopInstant)
    /// The peer is dead.
    case giveUp
  }

  private let options: KeepaliveOptions
  private var pinged: LoopInstant?

  package init(_ options: KeepaliveOptions) { self.options = options }

  /// What to do now. `lastReceived` is when any byte last came.
  package mutating func step(
    now: LoopInstant, lastReceived: LoopInstant, hasStreams: Bool
  ) -> Step {
    if let sent = pinged, lastReceived < sent {
      return now < sent + options.timeout ? .wait(until: sent + options.timeout) : .giveUp
    }
    pinged = nil
    guard hasStreams || options.permitsWithoutStreams else {
      return .wait(until: now + options.interval)
    }
    let due = lastReceived + options.interval
    guard due <= now else { return .wait(until: due) }
    pinged = now
    return .ping(askAgain: now + options.timeout)
  }
}
