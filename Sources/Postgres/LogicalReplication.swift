// The change stream of a database: what transactions announced with pg_logical_emit_message, in
// commit order, through a temporary slot. Reconnecting is the owner's business, because only the
// owner can reload what was missed.

package import Reactor

/// A running logical replication stream.
///
/// The slot is temporary: it ends with the connection and can never fill the disk of a primary
/// whose reader died. So a new stream starts at its own point in the log; everything committed
/// before ``start`` must be loaded after ``open(_:on:onEvent:onEnd:)`` has returned, everything
/// after it arrives here.
package final class LogicalReplication: Sendable {
  package struct Settings: Sendable {
    /// Its time-outs for statements and locks do not apply.
    package var connection: PostgresConfiguration
    /// Unique among the nodes of a server: 1 to 63 of a–z, 0–9 and underscore.
    package var slotName: String
    /// An existing publication, which may be one of no tables; same characters.
    package var publication: String
    /// Making a slot waits for every transaction then in flight.
    package var startTimeout = Limits.replicationStartTimeout
    /// How often the position is confirmed; three of them without a sign of the server end the
    /// stream.
    package var statusInterval = Limits.replicationStatusInterval

    package init(_ connection: PostgresConfiguration, slotName: String, publication: String) {
      self.connection = connection
      self.slotName = slotName
      self.publication = publication
    }
  }

  package let loop: EventLoop
  /// Every transaction that commits after this point of the log is announced.
  package let start: LogSequenceNumber
  private let session: LoopBound<ReplicationSession>

  private init(_ session: LoopBound<ReplicationSession>, start: LogSequenceNumber) {
    self.loop = session.loop
    self.start = start
    self.session = session
  }

  deinit {
    let session = session
    loop.execute { session.value.stop() }
  }

  /// Connects, makes the slot and starts the stream.
  ///
  /// `onEvent` is called on the loop, in commit order, possibly before this returns. `onEnd` is
  /// called on the loop once, when a started stream ends, whoever ended it; a stream that fails to
  /// start throws instead.
  package static func open(
    _ settings: Settings, on loop: EventLoop,
    onEvent: @escaping @Sendable (ReplicationEvent) -> Void,
    onEnd: @escaping @Sendable (PostgresError) -> Void
  ) async throws(PostgresError) -> LogicalReplication {
    try await loop.run { () async throws(PostgresError) in
      let session = LoopBound(
        ReplicationSession(settings, on: loop, onEvent: onEvent, onEnd: onEnd), loop: loop)
      let started: Result<LogSequenceNumber, PostgresError> = await withCheckedContinuation {
        continuation in
        session.value.begin { continuation.resume(returning: $0) }
      }
      return LogicalReplication(session, start: try started.get())
    }
  }

  /// Confirms the position to the server now, besides the regular confirmations.
  package func confirm() async {
    await loop.run { [session] in session.value.sendStatus(wantsReply: false) }
  }

  /// Ends the stream and drops the slot; `onEnd` hears `.closed`.
  package func stop() async {
    await loop.run { [session] in session.value.stop() }
  }
}

extension LogicalReplication.Settings {
  /// The names become part of commands that take no parameters.
  var nameError: PostgresError? {
    for name in [slotName, publication] {
      let isPlain = name.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
      }
      guard isPlain, (1...63).contains(name.utf8.count) else {
        return PostgresError(.invalidConfiguration, "slot or publication name not allowed")
      }
    }
    return nil
  }
}
