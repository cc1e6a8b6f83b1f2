// Which address is connected and which takes a call, as tables of states; and the names of targets.

import RPCTransport
import Testing

@Suite struct BalancerTests {
  private static let idle = AddressState(.idle)
  private static let connecting = AddressState(.connecting)
  private static let ready = AddressState(.ready)
  private static let pausing = AddressState(.pausing, hasFailed: true)
  private static let again = AddressState(.idle, hasFailed: true)
  private static let retrying = AddressState(.connecting, hasFailed: true)
  private static let unhealthy = AddressState(.unhealthy, hasFailed: true)

  private func awake(_ policy: BalancingPolicy) -> Balancer {
    var balancer = Balancer(policy)
    balancer.wake()
    return balancer
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let policy: BalancingPolicy
    let states: [AddressState]
    let wanted: [Int]
    let state: ConnectivityState

    init(
      _ policy: BalancingPolicy, _ states: [AddressState], _ wanted: [Int],
      _ state: ConnectivityState
    ) {
      (self.policy, self.states, self.wanted, self.state) = (policy, states, wanted, state)
    }

    var testDescription: String { "\(policy) \(states.map { "\($0.phase)" }) → \(state)" }
  }

  @Test(arguments: [
    Row(.pickFirst, [], [], .connecting),
    Row(.pickFirst, [idle, idle], [0], .connecting),
    Row(.pickFirst, [connecting, idle], [], .connecting),
    Row(.pickFirst, [pausing, idle], [1], .connecting),
    Row(.pickFirst, [again, idle], [1], .connecting),
    Row(.pickFirst, [pausing, connecting], [], .connecting),
    Row(.pickFirst, [pausing, pausing], [], .transientFailure),
    Row(.pickFirst, [again, pausing], [0], .transientFailure),
    Row(.pickFirst, [retrying, pausing], [], .transientFailure),
    Row(.pickFirst, [again, ready, idle], [], .ready),
    Row(.roundRobin, [idle, idle], [0, 1], .connecting),
    Row(.roundRobin, [ready, idle, pausing], [1], .ready),
    Row(.roundRobin, [connecting, pausing], [], .connecting),
    Row(.roundRobin, [retrying, again, unhealthy], [1], .transientFailure),
    Row(.roundRobin, [unhealthy, ready], [], .ready),
  ])
  func addressesMakeAState(_ row: Row) {
    var balancer = awake(row.policy)
    #expect(balancer.wanted(row.states) == row.wanted)
    #expect(balancer.aggregate(row.states) == row.state)
  }

  @Test func nothingIsConnectedBeforeACallWantsIt() {
    var balancer = Balancer(.roundRobin)
    #expect(balancer.wanted([Self.idle]).isEmpty)
    #expect(balancer.aggregate([Self.idle]) == .idle)
  }

  /// A channel that has failed fails its calls until it works, whatever it tries meanwhile.
  @Test(arguments: [BalancingPolicy.pickFirst, .roundRobin])
  func failureLastsUntilSuccess(policy: BalancingPolicy) {
    var balancer = awake(policy)
    #expect(balancer.aggregate([Self.pausing]) == .transientFailure)
    #expect(balancer.aggregate([Self.retrying]) == .transientFailure)
    #expect(balancer.aggregate([Self.ready]) == .ready)
    #expect(balancer.aggregate([Self.idle]) == .connecting)
  }

  @Test func pickFirstWaitsForACallAfterALoss() {
    var first = awake(.pickFirst)
    _ = first.aggregate([Self.ready])
    first.noteLoss()
    #expect(first.wanted([Self.idle]).isEmpty)
    #expect(first.aggregate([Self.idle]) == .idle)
    var robin = awake(.roundRobin)
    robin.noteLoss()
    #expect(robin.wanted([Self.idle]) == [0])
  }

  @Test func pickFirstStaysWithTheFirstThatIsReady() {
    var balancer = awake(.pickFirst)
    let states = [Self.pausing, Self.ready, Self.ready]
    #expect((0..<3).map { _ in balancer.pick(states) } == [1, 1, 1])
    #expect(balancer.pick([Self.pausing, Self.connecting]) == nil)
    #expect(balancer.pick([]) == nil)
  }

  @Test func roundRobinTakesTheReadyInTurn() {
    var balancer = Balancer(.roundRobin, firstTurn: 1)
    let states = [Self.ready, Self.ready, Self.unhealthy, Self.ready]
    #expect((0..<5).map { _ in balancer.pick(states) } == [3, 0, 1, 3, 0])
    // Fewer addresses than before, and a first turn beyond them, are no matter.
    #expect(balancer.pick([Self.ready]) == 0)
    var far = Balancer(.roundRobin, firstTurn: 99)
    #expect(far.pick([Self.ready, Self.connecting]) == 0)
    #expect(far.pick([Self.connecting, Self.unhealthy]) == nil)
  }
}

@Suite struct ChannelTargetTests {
  @Test(arguments: [
    ("localhost:50051", ["localhost:50051"]),
    ("[::1]:80", ["[::1]:80"]),
    ("dns:example.org:7443", ["example.org:7443"]),
    ("dns:///example.org:7443", ["example.org:7443"]),
    ("dns:///example.org", ["example.org:443"]),
    ("dns:///[2001:db8::1]:9", ["[2001:db8::1]:9"]),
    ("ipv4:10.0.0.1:80", ["10.0.0.1:80"]),
    ("ipv4:10.0.0.1:80,10.0.0.2:81", ["10.0.0.1:80", "10.0.0.2:81"]),
    ("ipv6:[::1]:80,[fe80::2]:81", ["[::1]:80", "[fe80::2]:81"]),
    ("unix:///run/usher.sock", ["unix:/run/usher.sock"]),
    ("unix:usher.sock", ["unix:usher.sock"]),
  ])
  func targetsAreRead(text: String, endpoints: [String]) {
    #expect(ChannelTarget(text)?.endpoints.map(\.description) == endpoints)
  }

  @Test(arguments: [
    "", "localhost", "localhost:", "localhost:0", "localhost:65536", ":80", "dns:", "dns:///",
    "dns:///:80", "dns://8.8.8.8/example.org:80", "dns:///a:0", "dns:///a b:80", "dns:///a,b:80",
    "ipv4:", "ipv4:example.org:80", "ipv4:10.0.0.1", "ipv4:10.0.0.1:80,", "ipv4:10.0.0.256:80",
    "ipv4:[::1]:80", "ipv6:10.0.0.1:80", "ipv6:[::1]", "unix:", "unix://relative",
    "ipv4:" + [String](repeating: "10.0.0.1:80", count: 101).joined(separator: ","),
  ])
  func othersAreRefused(text: String) {
    #expect(ChannelTarget(text) == nil)
  }
}
