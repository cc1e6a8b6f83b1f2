// Limits of the interoperability server as flags, so that attacks on it need not wait for minutes.

import ArgumentParser
import RPCTransport

/// One limit and its value: `--limit unary_body_ms=200`.
struct LimitFlag: ExpressibleByArgument {
  private let set: @Sendable (inout ConnectionLimits) -> Void

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let value = UInt32(parts[1]) else { return nil }
    let name = String(parts[0])
    if let write = Self.durations[name] {
      set = { write(.milliseconds(value), &$0) }
    } else if let write = Self.counts[name] {
      set = { write(Int(value), &$0) }
    } else {
      return nil
    }
  }

  static let allValueStrings = (durations.keys.sorted() + counts.keys.sorted()).map { "\($0)=N" }

  func apply(to limits: inout ConnectionLimits) { set(&limits) }

  private typealias Setting<Value> = @Sendable (Value, inout ConnectionLimits) -> Void

  private static let durations: [String: Setting<Duration>] = [
    "age_grace_ms": { $1.ageGrace = $0 },
    "age_ms": { $1.age = $0 },
    "handshake_ms": { $1.handshake = $0 },
    "header_block_ms": { $1.headerBlock = $0 },
    "housekeeping_ms": { $1.housekeeping = $0 },
    "keepalive_interval_ms": { $1.keepaliveInterval = $0 },
    "keepalive_timeout_ms": { $1.keepaliveTimeout = $0 },
    "stalled_response_ms": { $1.stalledResponse = $0 },
    "stalled_socket_ms": { $1.stalledSocket = $0 },
    "unary_body_ms": { $1.unaryBody = $0 },
  ]

  private static let counts: [String: Setting<Int>] = [
    "connections": { $1.connections = $0 },
    "connections_per_peer": { $1.connectionsPerPeer = $0 },
  ]
}
