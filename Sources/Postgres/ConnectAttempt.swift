// One attempt to connect, from name lookup to a usable session or a typed error, within its time.
// Confined to its loop. Knows nothing of queries.

internal import Reactor

/// Drives libpq's connection state machine by the loop's readiness events.
final class ConnectAttempt {
  typealias Completion = (Result<LibpqSession, PostgresError>) -> Void

  private let loop: EventLoop
  private var session: LibpqSession?
  private var registration: Registration?
  private var timer: LoopTimer?
  /// Nil once the attempt is over.
  private var completion: Completion?

  /// Starts an attempt; `completion` is called exactly once, possibly before this returns.
  static func start(
    _ configuration: PostgresConfiguration, replication: Bool = false, on loop: EventLoop,
    completion: @escaping Completion
  ) {
    do {
      let parameters = try configuration.parameters(replication: replication)
      let attempt = ConnectAttempt(loop, completion)
      attempt.begin(parameters, within: configuration.connectTimeout)
    } catch {
      completion(.failure(error))
    }
  }

  private init(_ loop: EventLoop, _ completion: @escaping Completion) {
    self.loop = loop
    self.completion = completion
  }

  private func begin(_ parameters: ConnectParameters, within timeout: Duration) {
    timer = loop.schedule(after: timeout) {
      self.finish(.failure(PostgresError(.connectTimeout, "no connection in time")))
    }
    guard let hosts = parameters.hosts else { return connect(parameters.pairs) }
    let bound = LoopBound(self, loop: loop)
    let isStarted = hosts.resolve(on: loop) { addresses in
      bound.value.resolved(addresses, parameters.pairs)
    }
    if !isStarted { finish(.failure(PostgresError(.system, "no thread to be had"))) }
  }

  private func resolved(_ addresses: [(String, String)]?, _ pairs: [(String, String)]) {
    guard completion != nil else { return }
    guard let addresses else {
      return finish(.failure(PostgresError(.connectFailed, "no address for the database host")))
    }
    connect(pairs + addresses)
  }

  private func connect(_ pairs: [(String, String)]) {
    do {
      session = try LibpqSession(starting: pairs)
    } catch {
      return finish(.failure(error))
    }
    // libpq: before the first poll, behave as if it had said "writing".
    wait(for: .write)
  }

  private func wait(for interest: Interest) {
    guard let session else { return }
    do {
      registration = try loop.register(session.socket, interest) { _ in self.poll() }
    } catch {
      finish(.failure(PostgresError(.system, error.description)))
    }
  }

  private func poll() {
    guard let session else { return }
    // libpq may close this socket and open another one (next address, TLS refused), even under the
    // same number: the registration must end while the old one is still open.
    registration?.cancel()
    switch session.pollConnect() {
    case .wantsRead: wait(for: .read)
    case .wantsWrite: wait(for: .write)
    case .failed: finish(.failure(session.connectError))
    case .connected: finish(checked(session))
    }
  }

  private func checked(_ session: LibpqSession) -> Result<LibpqSession, PostgresError> {
    guard session.serverVersion >= Self.oldestServer else {
      return .failure(PostgresError(.invalidConfiguration, "PostgreSQL 14 or newer is needed"))
    }
    guard session.setNonblocking() else { return .failure(session.connectError) }
    return .success(session)
  }

  /// Logical messages through pgoutput came with PostgreSQL 14.
  private static let oldestServer = 140_000

  private func finish(_ outcome: Result<LibpqSession, PostgresError>) {
    guard let completion else { return }
    self.completion = nil
    registration?.cancel()
    timer?.cancel()
    if outcome.error != nil { session?.finish() }
    session = nil
    completion(outcome)
  }
}
