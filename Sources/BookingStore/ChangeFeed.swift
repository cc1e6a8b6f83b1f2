// Changes of seats, lines and the catalogue of the whole database, in commit order, from logical
// decoding. Knows no subscriber and keeps nothing: who needs more than the present reads a snapshot.

package import Booking
package import Logging
package import Postgres
package import Reactor

/// What the change feed tells.
package enum ChangeFeedEvent: Sendable, Hashable {
  /// From here on no change is missed; what was committed before must be read anew.
  case began
  /// A transaction changed seats of a show.
  case change(SeatChange)
  /// A transaction changed the waiting list of a show.
  case queue(QueueChange)
  /// A transaction changed the catalogue.
  case catalogue(CatalogueChange)
  /// The stream is gone; changes may be missed until the next `.began`.
  case ended
}

/// Follows the database's changes and comes back by itself when the connection is lost.
package final class ChangeFeed: Sendable {
  /// The publication made by the migrations.
  package static let publication = "usher_feed"

  private let settings: LogicalReplication.Settings
  private let loop: EventLoop
  private let logger: Logger
  private let onEvent: @Sendable (ChangeFeedEvent) -> Void
  private let state: LoopBound<State>

  private final class State {
    var stream: LogicalReplication?
    var retry: LoopTimer?
    var backoff = StoreLimits.feedBackoffFirst
    /// Tells the present attempt from those before it, whose late events must not count.
    var attempt = 0
    var isStopped = false
    var isLive = false
  }

  /// A feed that is not running yet. `slotName` is unique among the nodes of the database: 1 to 63
  /// of a–z, 0–9 and underscore. `onEvent` is called on the loop, in order.
  package init(
    _ configuration: PostgresConfiguration, slotName: String, on loop: EventLoop, logger: Logger,
    onEvent: @escaping @Sendable (ChangeFeedEvent) -> Void
  ) {
    var settings = LogicalReplication.Settings(
      configuration, slotName: slotName, publication: Self.publication)
    settings.statusInterval = StoreLimits.feedStatusInterval
    self.settings = settings
    self.loop = loop
    self.logger = logger
    self.onEvent = onEvent
    state = LoopBound(State(), loop: loop)
  }

  /// Starts following.
  package func start() {
    loop.spawn { await self.open() }
  }

  /// Ends the stream and its slot.
  package func stop() async {
    await loop.run { [self] in
      let state = state.value
      state.isStopped = true
      state.attempt += 1
      state.retry?.cancel()
      await state.stream?.stop()
      state.stream = nil
      markEnded()
    }
  }

  // MARK: One stream

  private func open() async {
    let state = state.value
    guard !state.isStopped else { return }
    state.attempt += 1
    let attempt = state.attempt
    do throws(PostgresError) {
      let stream = try await LogicalReplication.open(
        settings, on: loop, onEvent: { self.receive($0, attempt) },
        onEnd: { self.end($0, attempt) })
      guard attempt == state.attempt else { return await stream.stop() }
      state.stream = stream
      state.backoff = StoreLimits.feedBackoffFirst
      state.isLive = true
      logger.info("change feed connected", metadata: ["start": "\(stream.start)"])
      onEvent(.began)
    } catch {
      end(error, attempt)
    }
  }

  private func receive(_ event: ReplicationEvent, _ attempt: Int) {
    guard attempt == state.value.attempt, case .message(let message) = event,
      message.isTransactional
    else { return }
    let told: ChangeFeedEvent?
    switch message.prefix {
    case SeatChange.messagePrefix: told = SeatChange(message: message.content).map { .change($0) }
    case QueueChange.messagePrefix: told = QueueChange(message: message.content).map { .queue($0) }
    case CatalogueChange.messagePrefix:
      told = CatalogueChange(message: message.content).map { .catalogue($0) }
    default: return
    }
    guard let told else {
      // A message that cannot be read is a change that is missed: begin again from snapshots.
      return end(PostgresError(.decoding, "a change cannot be read"), attempt)
    }
    onEvent(told)
  }

  private func end(_ error: PostgresError, _ attempt: Int) {
    let state = state.value
    guard attempt == state.attempt, !state.isStopped else { return }
    state.attempt += 1
    state.stream = nil
    logger.warning("change feed lost", metadata: ["error": "\(error)"])
    markEnded()
    let delay = state.backoff
    state.backoff = min(state.backoff * 2, StoreLimits.feedBackoffLast)
    state.retry = loop.schedule(after: delay) { [self] in loop.spawn { await self.open() } }
  }

  private func markEnded() {
    guard state.value.isLive else { return }
    state.value.isLive = false
    onEvent(.ended)
  }
}
