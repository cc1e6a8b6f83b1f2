// The loop-confined part of a channel: its addresses, the calls that wait for one, its state.

import RPC
import Reactor

/// States: those of `ConnectivityState`. `idle` has no addresses at all; a call or `wake` resolves
/// the target, and from then on the balancer decides. `shutdown` is final.
final class ChannelCore {
  private let loop: EventLoop
  private let shared: ChannelShared
  private let retry: RetryContext
  private var resolution: Resolution
  private var balancer: Balancer
  private var subchannels: [Subchannel] = []
  /// Of the subchannels, at the same indices: a call must not make an array.
  private var states: [AddressState] = []
  private(set) var state = ConnectivityState.idle
  private var failure = RPCError(.unavailable, "no connection")
  private var waiting: [Int: ClientStreamState] = [:]
  private var waitingCount = 0
  private var isUpdating = false
  private var needsUpdate = false
  private var lastUse = LoopInstant.now
  private var idleTimer: LoopTimer?
  private var watchers: [Int: (ConnectivityState) -> Void] = [:]
  private var watcherCount = 0

  init(loop: EventLoop, _ configuration: ChannelConfiguration) {
    self.loop = loop
    shared = ChannelShared(loop: loop, configuration)
    retry = RetryContext(
      policy: configuration.retry, throttle: configuration.throttle, chance: configuration.chance)
    balancer = Balancer(
      configuration.balancing, firstTurn: Int(configuration.chance() * Double(Limits.addresses)))
    resolution = Resolution(loop: loop, configuration)
  }

  // MARK: Calls

  func open(_ context: ClientContext) -> ClientStreamState {
    let call = ClientStreamState(loop: loop, context: context, shared: retry)
    call.requestAttempt = { [weak self] in self?.place($0) }
    place(call)
    return call
  }

  /// Gives a call a connection, or lets it wait, or fails it.
  private func place(_ call: ClientStreamState) {
    guard !call.isClosed else { return }
    lastUse = .now
    if let index = balancer.pick(states), let connection = subchannels[index].connection {
      return connection.start(call)
    }
    switch state {
    case .shutdown: return call.attemptFailed(Self.closed, .processed)
    case .transientFailure where !call.context.options.waitForReady:
      return call.attemptFailed(failure, .processed)
    default: break
    }
    guard wait(call) else {
      return call.attemptFailed(
        RPCError(.resourceExhausted, "too many calls wait for a connection"), .processed)
    }
    wake()
  }

  private func wait(_ call: ClientStreamState) -> Bool {
    guard waiting.count < Limits.waitingCalls else { return false }
    waitingCount += 1
    let number = waitingCount
    waiting[number] = call
    call.waitsBecause = state == .transientFailure ? failure.description : "no connection yet"
    call.whenClosed { [weak self] _ in self?.waiting[number] = nil }
    return true
  }

  private func placeWaiting() {
    guard !waiting.isEmpty, state == .ready || state == .transientFailure || state == .shutdown
    else { return }
    for (number, call) in waiting.sorted(by: { $0.key < $1.key }) {
      if state == .transientFailure, call.context.options.waitForReady {
        call.waitsBecause = failure.description
        continue
      }
      waiting[number] = nil
      place(call)
    }
  }

  private static let closed = RPCError(.cancelled, "the channel is closed")

  // MARK: Connecting

  /// Leaves the idle state.
  func wake() {
    guard state != .shutdown else { return }
    lastUse = .now
    balancer.wake()
    watchIdleness()
    if subchannels.isEmpty { resolve() }
    update()
  }

  private func resolve() {
    resolution.request { [weak self] result in
      guard let self, state != .shutdown else { return }
      switch result {
      case .success(let addresses): adopt(addresses)
      case .failure(let error):
        // What was found before is better than nothing.
        if subchannels.isEmpty { failure = error }
      }
      update()
    }
  }

  /// Keeps the connections to addresses that are still there, in the new order.
  private func adopt(_ addresses: [ResolvedAddress]) {
    var known: [String: Subchannel] = [:]
    for subchannel in subchannels { known[subchannel.address.name] = subchannel }
    subchannels = addresses.map { address in
      known.removeValue(forKey: address.name)
        ?? Subchannel(address, shared) { [weak self] in self?.noteChange($0) }
    }
    for left in known.values { left.close() }
  }

  private func noteChange(_ change: Subchannel.Change) {
    guard state != .shutdown else { return }
    switch change {
    case .progressed: break
    case .failed(let error):
      failure = error
      resolve()
    case .lost:
      balancer.noteLoss()
      // Calls that wait have asked for a connection, and so have those that were on this one.
      if !waiting.isEmpty { balancer.wake() }
      resolve()
    }
    update()
  }

  /// Brings everything in line with the states of the addresses.
  private func update() {
    needsUpdate = true
    guard !isUpdating else { return }
    isUpdating = true
    defer { isUpdating = false }
    while needsUpdate {
      needsUpdate = false
      states = subchannels.map(\.state)
      for index in balancer.wanted(states) { subchannels[index].connect() }
      states = subchannels.map(\.state)
      setState(aggregate())
      placeWaiting()
    }
  }

  private func aggregate() -> ConnectivityState {
    if state == .shutdown { return .shutdown }
    if subchannels.isEmpty, resolution.hasFailed { return .transientFailure }
    return balancer.aggregate(states)
  }

  // MARK: Rest

  /// Looks for idleness once in a while: a timer per call would cost each of them.
  private func watchIdleness() {
    guard idleTimer == nil else { return }
    idleTimer = loop.schedule(at: lastUse + shared.configuration.idleTimeout) { [weak self] in
      self?.idleTimer = nil
      self?.restIfUnused()
    }
  }

  private func restIfUnused() {
    guard state != .shutdown else { return }
    let isBusy = !waiting.isEmpty || subchannels.contains(where: \.isBusy)
    let lastEnd = subchannels.map(\.lastUse).max() ?? lastUse
    lastUse = max(lastUse, isBusy ? .now : lastEnd)
    guard .now - lastUse >= shared.configuration.idleTimeout else { return watchIdleness() }
    balancer.sleep()
    for subchannel in subchannels { subchannel.close() }
    subchannels = []
    resolution.forget()
    update()
  }

  func close() {
    guard state != .shutdown else { return }
    idleTimer?.cancel()
    resolution.forget()
    let last = subchannels
    (subchannels, states) = ([], [])
    setState(.shutdown)
    for subchannel in last { subchannel.close() }
    placeWaiting()
  }

  // MARK: Watching the state

  private func setState(_ new: ConnectivityState) {
    guard new != state else { return }
    state = new
    let told = watchers
    watchers = [:]
    for watcher in told.values { watcher(new) }
  }

  func nextWatcher() -> Int {
    watcherCount += 1
    return watcherCount
  }

  func watchState(
    _ number: Int, from last: ConnectivityState,
    _ continuation: CheckedContinuation<ConnectivityState, Never>
  ) {
    guard state == last else { return continuation.resume(returning: state) }
    watchers[number] = { continuation.resume(returning: $0) }
  }

  func dropWatcher(_ number: Int) { watchers.removeValue(forKey: number)?(state) }
}
