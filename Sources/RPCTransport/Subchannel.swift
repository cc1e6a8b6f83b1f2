// One address of a channel: connects when told, backs off when that fails, watches the server's
// health, and lets connections that the server ends finish their calls.

import HTTP2
import RPC
import Reactor
import TLS

/// What the addresses of one channel share. Confined to its loop.
final class ChannelShared {
  let loop: EventLoop
  let configuration: ChannelConfiguration
  let buffers = LoopBuffers()
  /// Becomes calmer when a server says that it is pinged too often.
  var keepalive: KeepaliveOptions?

  init(loop: EventLoop, _ configuration: ChannelConfiguration) {
    self.loop = loop
    self.configuration = configuration
    keepalive = configuration.keepalive
  }

  /// The service to watch; pick-first has no use for it (gRFC A17).
  var healthService: String? {
    configuration.balancing == .roundRobin ? configuration.healthService : nil
  }
}

/// States: those of `AddressState.Phase`. `idle` → `connecting` → `ready`, or by way of `unhealthy`;
/// an attempt that fails → `pausing` → `idle`; a connection that ends → `pausing` or `idle`.
final class Subchannel {
  enum Change {
    case progressed
    case failed(RPCError)
    /// The connection that took calls takes no more.
    case lost
  }

  let address: ResolvedAddress
  private(set) var state = AddressState(.idle)
  /// Takes calls while the phase is `ready`.
  private(set) var connection: ClientConnection?
  /// Connections that take no more calls and still have some.
  private var draining: [ObjectIdentifier: ClientConnection] = [:]
  private let shared: ChannelShared
  private let onChange: (Change) -> Void
  private var backoff: Backoff
  private var timer: LoopTimer?
  private var watch: HealthWatch?
  private var lastEnd = LoopInstant.now
  private var isClosed = false

  init(
    _ address: ResolvedAddress, _ shared: ChannelShared, onChange: @escaping (Change) -> Void
  ) {
    self.address = address
    self.shared = shared
    self.onChange = onChange
    backoff = Backoff(shared.configuration.backoff)
  }

  /// Whether any call is under way.
  var isBusy: Bool {
    draining.values.contains(where: \.hasCalls) || (connection?.hasCalls ?? false)
  }

  /// When the last call ended.
  var lastUse: LoopInstant { max(lastEnd, connection?.lastCallEnd ?? lastEnd) }

  /// Ends the connection after its calls, for good.
  func close() {
    isClosed = true
    timer?.cancel()
    watch?.cancel()
    if state.phase == .connecting, watch == nil {
      connection?.abort()
    } else {
      connection?.close()
    }
  }

  // MARK: Connecting

  func connect() {
    guard state.phase == .idle, !isClosed else { return }
    let limit = backoff.beginAttempt(now: .now, chance: shared.configuration.chance())
    state.phase = .connecting
    do throws(RPCError) {
      connection = try makeConnection(until: limit)
    } catch {
      failed(error)
    }
  }

  private func makeConnection(until limit: LoopInstant) throws(RPCError) -> ClientConnection {
    let configuration = shared.configuration
    do {
      let session = try HTTP2Session(
        role: .client, limits: HTTP2Limits(), memory: shared.buffers.sessions,
        nowSeconds: LoopInstant.now.seconds)
      let secured = try configuration.tls.map {
        try TLSSession($0, host: configuration.verifiedHost(for: address.endpoint))
      }
      // Last, for nobody would close the socket if one of the others failed.
      let connection = Connection(
        fd: try Socket.connect(address.socket, userTimeout: shared.keepalive?.timeout),
        loop: shared.loop, session: session, tls: secured,
        buffers: shared.buffers, isConnecting: true)
      let client = ClientConnection(
        connection, authority: configuration.authority(for: address.endpoint),
        scheme: secured == nil ? "http" : "https", keepalive: shared.keepalive,
        events: ClientConnection.Events(
          ready: { [weak self] in self?.becameConnected() },
          goingAway: { [weak self] in self?.goesAway($0, $1, $2) },
          ended: { [weak self] in self?.ended($0, $1) }))
      timer = shared.loop.schedule(at: limit) { client.abort("no answer in time") }
      try client.start()
      return client
    } catch {
      timer?.cancel()
      throw RPCError(.unavailable, "cannot connect to \(address.endpoint): \(error)")
    }
  }

  private func failed(_ error: RPCError) {
    state.hasFailed = true
    rest()
    onChange(.failed(error))
  }

  /// Waits until the next attempt may begin.
  private func rest() {
    connection = nil
    timer?.cancel()
    guard let next = backoff.nextStart, !backoff.isOver(now: .now) else {
      state.phase = .idle
      return
    }
    state.phase = .pausing
    timer = shared.loop.schedule(at: next) { [weak self] in
      guard let self, !isClosed else { return }
      state.phase = .idle
      onChange(.progressed)
    }
  }

  // MARK: From the connection

  private func becameConnected() {
    guard !isClosed, let connection else { return }
    timer?.cancel()
    backoff.noteSuccess()
    guard let service = shared.healthService else { return becameHealthy(true) }
    let watch = HealthWatch(service, on: connection, shared) { [weak self] in
      self?.becameHealthy($0)
    }
    self.watch = watch
    watch.start()
  }

  private func becameHealthy(_ isHealthy: Bool) {
    guard !isClosed, connection != nil else { return }
    state = isHealthy ? AddressState(.ready) : AddressState(.unhealthy, hasFailed: true)
    guard !isHealthy else { return onChange(.progressed) }
    onChange(.failed(RPCError(.unavailable, "\(address.endpoint) says that it does not serve")))
  }

  private func goesAway(_ client: ClientConnection, _ code: UInt32, _ reason: String) {
    shared.keepalive = shared.keepalive?.after(goAway: code, reason: reason)
    guard client === connection else { return }
    draining[ObjectIdentifier(client)] = client
    lose(client)
  }

  private func ended(_ client: ClientConnection, _ end: ConnectionEnd) {
    lastEnd = max(lastEnd, client.lastCallEnd)
    draining[ObjectIdentifier(client)] = nil
    guard client === connection else { return }
    if client.wasReady { return lose(client) }
    guard !isClosed else { return }
    failed(
      RPCError(.unavailable, "cannot connect to \(address.endpoint): \(client.reason(end))"))
  }

  private func lose(_ client: ClientConnection) {
    watch?.cancel()
    watch = nil
    if client.wasUseful { backoff.forgetPause() }
    rest()
    if !isClosed { onChange(.lost) }
  }
}
