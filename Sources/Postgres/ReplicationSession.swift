// The stages of one replication connection: connect, make a temporary slot, start, stream, end.
// Confined to its loop; hands events on as they come and keeps none.

internal import Reactor

/// One run of logical replication.
final class ReplicationSession {
  /// Each stage may go to the next or to `ended`.
  enum Stage {
    case connecting
    /// `CREATE_REPLICATION_SLOT` was sent: the server waits for the transactions in flight.
    case makingSlot
    /// `START_REPLICATION` was sent.
    case starting
    case streaming
    /// Final.
    case ended
  }

  private let settings: LogicalReplication.Settings
  private let loop: EventLoop
  private let onEvent: @Sendable (ReplicationEvent) -> Void
  private var onEnd: (@Sendable (PostgresError) -> Void)?
  private var onStart: ((Result<LogSequenceNumber, PostgresError>) -> Void)?

  private var stage = Stage.connecting
  private var session: LibpqSession?
  private var registration: Registration?
  private var timer: LoopTimer?
  private var start = LogSequenceNumber(rawValue: 0)
  /// Everything up to here has been handed on.
  private var position = LogSequenceNumber(rawValue: 0)
  private var isInTransaction = false
  private var lastHeard = LoopInstant.now

  init(
    _ settings: LogicalReplication.Settings, on loop: EventLoop,
    onEvent: @escaping @Sendable (ReplicationEvent) -> Void,
    onEnd: @escaping @Sendable (PostgresError) -> Void
  ) {
    self.settings = settings
    self.loop = loop
    self.onEvent = onEvent
    self.onEnd = onEnd
  }

  /// Calls `onStart` once: with the slot's starting point when streaming, or with why not.
  func begin(onStart: @escaping (Result<LogSequenceNumber, PostgresError>) -> Void) {
    self.onStart = onStart
    if let error = settings.nameError { return end(error) }
    var configuration = settings.connection
    configuration.statementTimeout = nil
    configuration.lockTimeout = nil
    timer = loop.schedule(after: settings.startTimeout) {
      self.end(PostgresError(.connectTimeout, "replication did not start in time"))
    }
    ConnectAttempt.start(configuration, replication: true, on: loop) { outcome in
      switch outcome {
      case .success(let session): self.connected(session)
      case .failure(let error): self.end(error)
      }
    }
  }

  private func connected(_ session: LibpqSession) {
    guard case .connecting = stage else { return session.finish() }
    self.session = session
    do {
      registration = try loop.register(session.socket, .read) { _ in self.ready() }
    } catch {
      return end(PostgresError(.system, error.description))
    }
    stage = .makingSlot
    send(
      "CREATE_REPLICATION_SLOT \(settings.slotName) TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT")
  }

  private func send(_ command: String) {
    guard session?.sendScript(command) == true else { return end(Pipeline.lost(errorText)) }
    flush()
  }

  private func flush() {
    switch session?.flush() {
    case .done: registration?.update(.read)
    case .pending: registration?.update([.read, .write])
    default: end(Pipeline.lost(errorText))
    }
  }

  private var errorText: String { session?.errorText ?? "" }

  // MARK: Receiving

  private func ready() {
    guard let session else { return }
    let isAlive = session.consumeInput()
    lastHeard = loop.now
    receiveAnswers(session)
    receiveStream(session)
    guard self.session != nil else { return }
    guard isAlive, !session.isBroken else { return end(Pipeline.lost(errorText)) }
    flush()
  }

  private func receiveAnswers(_ session: LibpqSession) {
    while !isStreamingOrEnded, !session.isBusy {
      switch (stage, session.nextAnswer()) {
      case (.makingSlot, .success(let result)): slotMade(result)
      case (.makingSlot, .end):
        stage = .starting
        send(
          "START_REPLICATION SLOT \(settings.slotName) LOGICAL 0/0 (proto_version '1', "
            + "publication_names '\(settings.publication)', messages 'true')")
      case (.starting, .copyBoth): started()
      case (_, .failure(let error, _)): end(error)
      default: end(PostgresError(.protocolViolation, "unexpected answer to a replication command"))
      }
    }
  }

  private var isStreamingOrEnded: Bool {
    switch stage {
    case .streaming, .ended: true
    case .connecting, .makingSlot, .starting: false
    }
  }

  private func slotMade(_ result: PostgresResult) {
    guard let text = result.text(row: 0, column: 1), let point = LogSequenceNumber(text) else {
      return end(PostgresError(.protocolViolation, "replication slot without a starting point"))
    }
    start = point
    position = point
  }

  private func started() {
    stage = .streaming
    timer?.cancel()
    scheduleStatus()
    let onStart = onStart
    self.onStart = nil
    onStart?(.success(start))
  }

  private func receiveStream(_ session: LibpqSession) {
    while case .streaming = stage {
      switch session.nextCopyData() {
      case .none: return
      case .message(let bytes): take(bytes)
      case .ended, .failed:
        guard !session.isBusy, case .failure(let error, _) = session.nextAnswer() else {
          return end(Pipeline.lost(errorText))
        }
        return end(error)
      }
    }
  }

  private func take(_ bytes: [UInt8]) {
    guard bytes.count <= Limits.replicationMessageBytes else {
      return end(PostgresError(.protocolViolation, "replication message over the limit"))
    }
    do {
      take(try ReplicationFrame(bytes))
    } catch {
      end(error)
    }
  }

  private func take(_ frame: ReplicationFrame) {
    switch frame {
    case .begin: isInTransaction = true
    case .ignored: break
    case .event(let event):
      if case .commit(let end, _) = event {
        isInTransaction = false
        position = max(position, end)
      }
      onEvent(event)
    case .keepalive(let end, let wantsReply):
      // Between transactions, all that the server has decoded has been handed on.
      if !isInTransaction { position = max(position, end) }
      if wantsReply { sendStatus(wantsReply: false) }
    }
  }

  // MARK: Confirming

  private func scheduleStatus() {
    timer = loop.schedule(after: settings.statusInterval) { [weak self] in
      guard let self, case .streaming = self.stage else { return }
      if self.loop.now - self.lastHeard > self.settings.statusInterval * 3 {
        return self.end(Pipeline.lost("the server is silent"))
      }
      // Asking for an answer makes a dead peer noticeable on an idle stream.
      self.sendStatus(wantsReply: true)
      self.scheduleStatus()
    }
  }

  /// Tells the server how far the stream has been handed on. A no-op unless streaming.
  func sendStatus(wantsReply: Bool) {
    guard case .streaming = stage, let session else { return }
    guard session.putCopyData(ReplicationFrame.status(position, wantsReply: wantsReply)) else {
      return end(Pipeline.lost(errorText))
    }
    flush()
  }

  // MARK: The end

  func stop() { end(PostgresError(.closed, "replication stopped")) }

  private func end(_ error: PostgresError) {
    if case .ended = stage { return }
    stage = .ended
    registration?.cancel()
    timer?.cancel()
    session?.finish()
    session = nil
    let (onStart, onEnd) = (onStart, onEnd)
    self.onStart = nil
    self.onEnd = nil
    // Who never saw a start hears of the failure there, and only there.
    if let onStart { onStart(.failure(error)) } else { onEnd?(error) }
  }
}
