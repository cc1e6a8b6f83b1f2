// A client's way to one server: connects when a call needs it, backs off when that fails.

import CLinux
import Glibc
import HTTP2
package import RPC
package import Reactor
package import TLS

/// A connection to a server that heals itself.
package final class Channel: ClientTransport, Sendable {
  package let loop: EventLoop
  private let state: LoopBound<ChannelState>

  /// Connects on the first call. `tls` nil speaks cleartext HTTP/2.
  package convenience init(loop: EventLoop, target: HostPort, tls: TLSContext?) {
    self.init(loop: loop, target: .tcp(target), tls: tls)
  }

  /// Connects on the first call. `tls` nil speaks cleartext HTTP/2.
  package init(loop: EventLoop, target: Endpoint, tls: TLSContext?) {
    self.loop = loop
    state = LoopBound(ChannelState(loop: loop, target: target, tls: tls), loop: loop)
  }

  deinit {
    let state = state
    loop.execute { state.value.close() }
  }

  package func open(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> ClientStreamState {
    let connection = try await state.value.connection(
      waitForReady: options.waitForReady, deadline: options.timeout.map { .now + $0 })
    return try connection.open(method, options)
  }

  /// Ends the connection after its calls; later calls fail.
  package func close() async {
    await loop.run { self.state.value.close() }
  }
}

/// The loop-confined part of a channel.
///
/// States: `idle` → `connecting` → `ready`; a failed attempt → `failed` until its back-off is over,
/// then `idle` again; a lost connection → `idle`; `closed` is final.
private final class ChannelState {
  private enum State {
    case idle
    case connecting
    case ready(ClientConnection)
    case failed(RPCError, until: LoopInstant)
    case closed
  }

  private struct Waiter {
    let waitForReady: Bool
    let resume: (Result<ClientConnection, RPCError>) -> Void
  }

  private let loop: EventLoop
  private let target: Endpoint
  private let tls: TLSContext?
  private let buffers = LoopBuffers()
  private var state = State.idle
  private var waiters: [Int: Waiter] = [:]
  private var nextWaiter = 0
  private var failureCount = 0
  private var pending: ClientConnection?
  /// Every connection that has not ended; one that takes no more calls may still carry some.
  private var connections: [ObjectIdentifier: ClientConnection] = [:]

  init(loop: EventLoop, target: Endpoint, tls: TLSContext?) {
    self.loop = loop
    self.target = target
    self.tls = tls
  }

  func connection(
    waitForReady: Bool, deadline: LoopInstant?
  ) async throws(RPCError) -> ClientConnection {
    switch state {
    case .ready(let connection) where connection.takesCalls: return connection
    case .closed: throw RPCError(.cancelled, "the channel is closed")
    case .failed(let error, let until) where !waitForReady && .now < until: throw error
    case .ready, .failed, .idle: startConnecting()
    case .connecting: break
    }
    nextWaiter += 1
    return try await wait(nextWaiter, waitForReady, deadline)
  }

  private func wait(
    _ number: Int, _ waitForReady: Bool, _ deadline: LoopInstant?
  ) async throws(RPCError) -> ClientConnection {
    let bound = LoopBound(self, loop: loop)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<LoopBound<Result<ClientConnection, RPCError>>, Never>) in
        addWaiter(number, waitForReady, deadline) {
          continuation.resume(returning: LoopBound($0, loop: bound.loop))
        }
      }
    } onCancel: {
      bound.loop.execute { bound.value.dropWaiter(number, .cancelled) }
    }
    return try result.value.get()
  }

  private func addWaiter(
    _ number: Int, _ waitForReady: Bool, _ deadline: LoopInstant?,
    _ resume: @escaping (Result<ClientConnection, RPCError>) -> Void
  ) {
    let timer = deadline.map { deadline in
      loop.schedule(at: deadline) { [weak self] in self?.dropWaiter(number, .deadlineExceeded) }
    }
    waiters[number] = Waiter(waitForReady: waitForReady) {
      timer?.cancel()
      resume($0)
    }
  }

  private func dropWaiter(_ number: Int, _ error: RPCError) {
    waiters.removeValue(forKey: number)?.resume(.failure(error))
  }

  func close() {
    let last = state
    // First, or the end of the attempt in progress would begin the next one.
    state = .closed
    if case .ready(let connection) = last { connection.close() }
    pending?.abort()
    resumeWaiters(.failure(RPCError(.cancelled, "the channel is closed")), all: true)
  }

  // MARK: Connecting

  private func startConnecting() {
    if case .failed(_, let until) = state, .now < until {
      state = .connecting
      loop.schedule(at: until) { [weak self] in self?.resolve() }
      return
    }
    state = .connecting
    resolve()
  }

  private func resolve() {
    guard case .connecting = state else { return }
    let bound = LoopBound(self, loop: loop)
    Resolver.resolve(target) { result in
      bound.loop.execute {
        switch result {
        case .success(let addresses): bound.value.attempt(addresses[...], nil)
        case .failure(let error): bound.value.failed(error.reason)
        }
      }
    }
  }

  private func attempt(_ addresses: ArraySlice<SocketAddress>, _ previous: String?) {
    guard case .connecting = state else { return }
    guard let address = addresses.first else { return failed(previous ?? "no address") }
    let rest = addresses.dropFirst()
    do throws(RPCError) {
      let connection = try makeConnection(address) { [weak self] reason in
        self?.attempt(rest, reason)
      }
      pending = connection
    } catch {
      attempt(rest, error.message)
    }
  }

  private func makeConnection(
    _ address: SocketAddress, onFailure: @escaping (String) -> Void
  ) throws(RPCError) -> ClientConnection {
    do {
      let session = try HTTP2Session(
        role: .client, limits: HTTP2Limits(), nowSeconds: LoopInstant.now.seconds)
      let secured = try tls.map { try TLSSession($0, host: target.verifiedHost) }
      // Last, for nobody would close the socket if one of the others failed.
      let connection = Connection(
        fd: try Socket.connect(address), loop: loop, session: session, tls: secured,
        buffers: buffers, isConnecting: true)
      let timer = loop.schedule(after: Limits.connect) { connection.end(.closed) }
      let client = ClientConnection(
        connection, authority: target.authority, scheme: tls == nil ? "http" : "https"
      ) { [weak self] in
        timer.cancel()
        self?.becameReady()
      } onEnd: { [weak self] client, end in
        timer.cancel()
        self?.ended(client, end, onFailure)
      }
      try client.start()
      connections[ObjectIdentifier(client)] = client
      return client
    } catch {
      throw RPCError(.unavailable, "cannot connect to \(target): \(error)")
    }
  }

  private func becameReady() {
    guard case .connecting = state, let connection = pending else { return }
    pending = nil
    failureCount = 0
    state = .ready(connection)
    resumeWaiters(.success(connection), all: true)
  }

  private func ended(
    _ client: ClientConnection, _ end: ConnectionEnd, _ onFailure: (String) -> Void
  ) {
    connections[ObjectIdentifier(client)] = nil
    if client === pending {
      pending = nil
      onFailure(Self.reason(end))
    } else if case .ready(let current) = state, current === client {
      state = .idle
    }
  }

  private static func reason(_ end: ConnectionEnd) -> String {
    switch end {
    case .closed: "the server closed the connection"
    case .system(let error): error.reason
    case .tls(let error): error.reason
    case .http2(let error): error.reason
    }
  }

  private func failed(_ reason: String) {
    guard case .connecting = state else { return }
    let error = RPCError(.unavailable, "cannot connect to \(target): \(reason)")
    let factor = (0..<min(failureCount, 20)).reduce(1.0) { power, _ in
      power * Limits.backoffMultiplier
    }
    let backoff = min(Limits.backoffBase * factor, Limits.backoffMax)
    let jitter = Double.random(in: 1 - Limits.backoffJitter...1 + Limits.backoffJitter)
    failureCount += 1
    state = .failed(error, until: .now + backoff * jitter)
    resumeWaiters(.failure(error), all: false)
    if !waiters.isEmpty { startConnecting() }
  }

  private func resumeWaiters(_ result: Result<ClientConnection, RPCError>, all: Bool) {
    for (number, waiter) in waiters.sorted(by: { $0.key < $1.key })
    where all || !waiter.waitForReady {
      waiters[number] = nil
      waiter.resume(result)
    }
  }
}
