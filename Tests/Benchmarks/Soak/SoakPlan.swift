// How much to ask of a server, and the dice that decide what each call is. A seed replays the dice.

import RPC
import RPCTransport
import TLS

/// What to do. Read from `KEY=VALUE` arguments.
struct SoakPlan: Sendable {
  let target: HostPort
  let authority: String
  /// A key with the scopes `sell` and `admin`.
  let token: String
  let calls: Int
  /// Streams open at a time.
  let streams: Int
  let seed: UInt64
  /// Streams of one connection: the server's limit.
  static let streamsPerConnection = 100
  /// Connections for calls: enough that the cancelled ones stay within a client's allowance of
  /// resets, which is the server's business to enforce and not what is tested here.
  let callConnections: Int
  /// Calls in flight at a time.
  let callers: Int

  init?(_ arguments: [String]) {
    let pairs = arguments.compactMap { argument -> (String, String)? in
      guard let sign = argument.firstIndex(of: "=") else { return nil }
      return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    }
    let values = Dictionary(pairs) { $1 }
    func number(_ key: String) -> Int? { values[key].flatMap(Int.init) }
    guard let target = values["target"].flatMap({ HostPort($0) }), let authority = values["ca"],
      let token = values["token"], let calls = number("calls"), calls > 0,
      let streams = number("streams"), streams > 0
    else { return nil }
    (self.target, self.authority, self.token) = (target, authority, token)
    (self.calls, self.streams) = (calls, streams)
    seed = values["seed"].flatMap(UInt64.init) ?? 1
    callConnections = number("connections") ?? 32
    callers = number("callers") ?? 128
  }

  func options(timeout: Duration = .seconds(60)) -> CallOptions {
    var options = CallOptions(timeout: timeout)
    options.metadata.append("authorization", "Bearer \(token)")
    return options
  }

  func trust() throws -> TLSContext { try TLSContext(trustedCertificateFile: authority) }
}

/// SplitMix64: small, fast, and the same on every machine.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, _ stream: Int) {
    state =
      seed &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: stream) &* 0xbf58_476d_1ce4_e5b9
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// What came of calls, by outcome. Each worker has its own; they are added up at the end.
struct Tally: Sendable {
  private(set) var counts: [String: Int] = [:]
  /// What must not happen, in words.
  private(set) var faults: [String] = []

  mutating func note(_ outcome: String) { counts[outcome, default: 0] += 1 }

  mutating func fault(_ text: String) {
    if faults.count < 20 { faults.append(text) }
    note("FAULT")
  }

  mutating func add(_ other: Tally) {
    counts.merge(other.counts, uniquingKeysWith: +)
    faults += other.faults.prefix(20 - min(20, faults.count))
  }

  var total: Int { counts.values.reduce(0, +) }
}
