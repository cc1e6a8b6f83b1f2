// When a channel's target is resolved: on request, not too often, and again while it fails.

import RPC
import Reactor

/// Confined to its loop.
final class Resolution {
  private let loop: EventLoop
  private let target: ChannelTarget
  private let resolver: Resolver
  private let interval: Duration
  private let policy: BackoffPolicy
  private let chance: () -> Double
  private var backoff: Backoff
  /// Whether the last resolution failed.
  private(set) var hasFailed = false
  /// Whether anything has been found since the channel left its idle state.
  private var hasFound = false
  private var isRunning = false
  private var notBefore: LoopInstant?
  private var timer: LoopTimer?
  /// Resolutions that were begun before the channel went idle have no effect.
  private var generation = 0

  init(loop: EventLoop, _ configuration: ChannelConfiguration) {
    self.loop = loop
    target = configuration.target
    resolver = Resolver(lookUp: configuration.lookUp)
    interval = configuration.resolutionInterval
    policy = configuration.backoff
    chance = configuration.chance
    backoff = Backoff(configuration.backoff)
  }

  /// Resolves as soon as it may; until then further requests change nothing.
  func request(_ done: @escaping (Result<[ResolvedAddress], RPCError>) -> Void) {
    guard !isRunning, timer == nil, !(hasFound && target.isFixed) else { return }
    guard let notBefore, .now < notBefore else { return run(done) }
    timer = loop.schedule(at: notBefore) { [weak self] in
      self?.timer = nil
      self?.run(done)
    }
  }

  /// The channel goes idle: what comes now is the first request again.
  func forget() {
    timer?.cancel()
    (timer, notBefore, isRunning, hasFailed, hasFound) = (nil, nil, false, false, false)
    backoff = Backoff(policy)
    generation += 1
  }

  private func run(_ done: @escaping (Result<[ResolvedAddress], RPCError>) -> Void) {
    isRunning = true
    _ = backoff.beginAttempt(now: .now, chance: chance())
    let started = generation
    let bound = LoopBound((self, done), loop: loop)
    resolver.resolve(target.endpoints) { result in
      bound.loop.execute {
        let (resolution, done) = bound.value
        guard resolution.generation == started else { return }
        resolution.finish(result, done)
      }
    }
  }

  private func finish(
    _ result: Result<[ResolvedAddress], SystemError>,
    _ done: @escaping (Result<[ResolvedAddress], RPCError>) -> Void
  ) {
    isRunning = false
    switch result {
    case .success(let addresses):
      backoff.noteSuccess()
      (hasFailed, hasFound) = (false, true)
      notBefore = .now + interval
      done(.success(addresses))
    case .failure(let error):
      hasFailed = true
      notBefore = backoff.nextStart
      done(.failure(failure(error)))
      request(done)
    }
  }

  private func failure(_ error: SystemError) -> RPCError {
    let names = target.endpoints.map(\.description).joined(separator: ", ")
    return RPCError(.unavailable, "cannot resolve \(names): \(error.reason)")
  }
}
