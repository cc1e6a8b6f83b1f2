// Watches the health that a server reports of one service, on one connection (gRFC A17,
// grpc.health.v1.Health/Watch).

import RPC
import Reactor

/// Confined to its loop. A stream that ends is begun again after a pause; a server that knows no
/// health service counts as healthy and is not asked again.
final class HealthWatch {
  private static let method = MethodDescriptor(
    service: "grpc.health.v1.Health", method: "Watch", kind: .serverStreaming, sideEffects: false)
  /// `HealthCheckResponse.ServingStatus.SERVING`.
  private static let serving: UInt64 = 1

  private let service: String
  private weak var connection: ClientConnection?
  private let shared: ChannelShared
  private let onHealth: (Bool) -> Void
  private var backoff: Backoff
  private var call: ClientStreamState?
  private var timer: LoopTimer?
  private var isCancelled = false

  init(
    _ service: String, on connection: ClientConnection, _ shared: ChannelShared,
    onHealth: @escaping (Bool) -> Void
  ) {
    self.service = service
    self.connection = connection
    self.shared = shared
    self.onHealth = onHealth
    backoff = Backoff(shared.configuration.backoff)
  }

  func cancel() {
    isCancelled = true
    timer?.cancel()
    call?.abandon(.cancelled)
    call = nil
  }

  func start() {
    guard !isCancelled, let connection else { return }
    _ = backoff.beginAttempt(now: .now, chance: shared.configuration.chance())
    let call = ClientStreamState(
      loop: shared.loop, context: ClientContext(Self.method, CallOptions()),
      shared: RetryContext(policy: nil, throttle: RetryThrottle(), chance: { 0 }))
    // Not even a refused stream is repeated at once: there is time.
    call.requestAttempt = { $0.attemptFailed(RPCError(.unavailable, "refused"), .processed) }
    self.call = call
    connection.start(call, isCall: false)
    let bound = LoopBound((self, call), loop: shared.loop)
    shared.loop.spawn { await bound.value.0.follow(bound.value.1) }
  }

  private func follow(_ call: ClientStreamState) async {
    do throws(RPCError) {
      try call.sendOnly(Self.request(service))
      while let bytes = try await call.nextMessage() {
        guard !isCancelled else { return }
        backoff.noteSuccess()
        onHealth(WireFields(bytes)?.varint(1) == Self.serving)
      }
    } catch {
      guard !isCancelled else { return }
      if error.code == .unimplemented { return onHealth(true) }
    }
    guard !isCancelled else { return }
    onHealth(false)
    timer = shared.loop.schedule(at: backoff.nextStart ?? .now) { [weak self] in self?.start() }
  }

  /// `HealthCheckRequest { string service = 1 }` in its envelope.
  static func request(_ service: String) -> [UInt8] {
    let text = Array(service.utf8.prefix(Limits.healthServiceBytes))
    let message: [UInt8] = text.isEmpty ? [] : [0x0a, UInt8(text.count)] + text
    return [0, 0, 0, 0, UInt8(message.count)] + message
  }
}
