// Which of several addresses to connect, and which connection takes the next call. Pure: decides on
// the states of the addresses and knows nothing else of them.

/// How a channel spreads its calls.
package enum BalancingPolicy: Sendable {
  /// All calls on the first address that works, in the order given.
  case pickFirst
  /// Calls in turn on every address that works.
  case roundRobin
}

/// gRPC's connectivity states, of an address or of a whole channel.
package enum ConnectivityState: Sendable, Equatable {
  /// No connection and no wish for one; the next call brings it.
  case idle
  /// An attempt is under way.
  case connecting
  /// Calls can be sent.
  case ready
  /// The last attempt has failed, or the server says that it is not healthy.
  case transientFailure
  /// Closed for good.
  case shutdown
}

/// One address as a balancer sees it.
package struct AddressState: Sendable, Equatable {
  package enum Phase: Sendable {
    /// May be connected at once.
    case idle
    /// An attempt, or the wait for a healthy answer behind it, is under way.
    case connecting
    case ready
    /// Must not be connected yet.
    case pausing
    /// Connected, but not healthy.
    case unhealthy
  }

  package var phase: Phase
  /// Whether it has failed since it was last ready: it counts as failed until it is ready again.
  package var hasFailed: Bool

  package init(_ phase: Phase, hasFailed: Bool = false) {
    self.phase = phase
    self.hasFailed = hasFailed
  }

  package var connectivity: ConnectivityState {
    switch phase {
    case .ready: .ready
    case .unhealthy: .transientFailure
    case _ where hasFailed: .transientFailure
    case .connecting, .pausing: .connecting
    case .idle: .idle
    }
  }
}

/// The decisions of one channel.
package struct Balancer: Sendable {
  package let policy: BalancingPolicy
  /// Pick-first: whether a call has asked for a connection since the last one was lost.
  private var isAwake = false
  /// Pick-first: whether every address has failed since the last success.
  private var allFailed = false
  private var turn: Int

  /// `firstTurn` spreads the first calls of many clients over the addresses.
  package init(_ policy: BalancingPolicy, firstTurn: Int = 0) {
    self.policy = policy
    turn = firstTurn
  }

  /// A call wants a connection.
  package mutating func wake() { isAwake = true }

  /// Forgets what the addresses did; a channel that goes idle does so.
  package mutating func sleep() { (isAwake, allFailed) = (false, false) }

  /// The state of the whole, from those of the addresses.
  package mutating func aggregate(_ states: [AddressState]) -> ConnectivityState {
    if states.contains(where: { $0.phase == .ready }) {
      allFailed = false
      return .ready
    }
    guard isAwake else { return .idle }
    if !states.isEmpty, states.allSatisfy({ $0.connectivity == .transientFailure }) {
      allFailed = true
    }
    return allFailed ? .transientFailure : .connecting
  }

  /// A connection was lost that pick-first had its calls on: it waits for a call before the next.
  package mutating func noteLoss() {
    if policy == .pickFirst { sleep() }
  }

  /// Indices of the addresses to connect now.
  package func wanted(_ states: [AddressState]) -> [Int] {
    guard isAwake else { return [] }
    let idle = states.indices.filter { states[$0].phase == .idle }
    switch policy {
    case .roundRobin: return idle
    case .pickFirst:
      let isBusy = states.contains { $0.phase == .ready || $0.phase == .connecting }
      guard !isBusy else { return [] }
      // Those that have not failed yet come first, or one bad address would be all it tries.
      let next = idle.first { !states[$0].hasFailed } ?? idle.first
      return next.map { [$0] } ?? []
    }
  }

  /// The index of the address that takes the next call; nil when none is ready.
  package mutating func pick(_ states: [AddressState]) -> Int? {
    guard !states.isEmpty else { return nil }
    guard policy == .roundRobin else { return states.firstIndex { $0.phase == .ready } }
    for offset in 1...states.count {
      let index = (turn % states.count + offset) % states.count
      if states[index].phase == .ready {
        turn = index
        return index
      }
    }
    return nil
  }
}
