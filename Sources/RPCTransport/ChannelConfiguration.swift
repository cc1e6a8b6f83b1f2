// Everything a channel can be told when it is made.

package import RPC
package import TLS

/// Where a channel connects and how it behaves. The defaults are gRPC's.
package struct ChannelConfiguration: Sendable {
  package var target: ChannelTarget
  /// Nil speaks cleartext HTTP/2.
  package var tls: TLSContext?
  /// The server's name for `:authority`, SNI and verification, when it is not the target's.
  package var authority: String?
  package var balancing = BalancingPolicy.pickFirst
  /// The service whose health is watched on every connection; only round robin does so (gRFC A17).
  package var healthService: String?
  /// When calls that are safe to repeat are repeated; nil only repeats what no server has seen.
  package var retry: RetryPolicy?
  package var throttle = RetryThrottle()
  /// Nil never pings.
  package var keepalive: KeepaliveOptions?
  /// Time without calls after which connections are closed.
  package var idleTimeout = Duration.seconds(30 * 60)
  /// What runs around every call, in order.
  package var interceptors: [any ClientInterceptor] = []
  package var backoff = BackoffPolicy()
  /// Names are not resolved more often than this, as gRPC's DNS resolvers do it.
  package var resolutionInterval = Duration.seconds(30)
  /// Numbers from 0 up to 1: what is random about a channel. Called on its loop.
  package var chance: @Sendable () -> Double = { Double.random(in: 0..<1) }
  /// Replaces name servers in tests: other endpoints to resolve in place of one.
  package var lookUp: (@Sendable (Endpoint) -> [Endpoint])?

  package init(target: ChannelTarget, tls: TLSContext?) {
    self.target = target
    self.tls = tls
  }

  /// What to write into `:authority` for an address.
  func authority(for endpoint: Endpoint) -> String { authority ?? endpoint.authority }

  /// The name that a certificate must have.
  func verifiedHost(for endpoint: Endpoint) -> String {
    guard let authority else { return endpoint.verifiedHost }
    return HostPort(authority)?.host ?? authority
  }
}
