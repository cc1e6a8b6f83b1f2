// What the server says of itself, and what it must say when everybody has left.

import Foundation
import RPC
import RPCTransport
import Reactor
import UsherProtos

/// The sums of a node's figures.
struct NodeSums: Sendable {
  let connections, streams, calls, subscribers, tasks, descriptors, residentBytes: Int64

  init(_ node: Usher.Admin.V1.GetNodeResponse) {
    func sum(_ figure: (Usher.Admin.V1.Loop) -> Int64) -> Int64 {
      node.loops.map(figure).reduce(0, +)
    }
    connections = sum(\.connectionCount)
    streams = sum(\.streamCount)
    calls = sum(\.callCount)
    subscribers = sum(\.subscriberCount)
    tasks = sum(\.taskCount)
    // Pools keep as many connections as they have lately needed, up to their bounds.
    let pooled = node.pools.map { $0.idleCount + $0.lentCount + $0.openingCount }.reduce(0, +)
    descriptors = node.descriptorCount - pooled
    residentBytes = node.residentBytes
  }

  /// Whether nothing is left but who asks: its connection, its stream, its call.
  var isQuiet: Bool { connections == 1 && streams == 1 && calls == 1 && subscribers == 0 }

  var report: [String: Any] {
    [
      "connections": connections, "streams": streams, "calls": calls, "subscribers": subscribers,
      "tasks": tasks, "descriptors": descriptors, "resident_mib": Double(residentBytes) / 1_048_576,
    ]
  }
}

/// An operator's look at the server.
struct SoakAdmin: Sendable {
  let plan: SoakPlan
  let channel: Channel

  init(_ plan: SoakPlan, on loop: EventLoop) throws {
    self.plan = plan
    channel = Channel(loop: loop, target: plan.target, tls: try plan.trust())
  }

  private var client: Usher.Admin.V1.AdminServiceClient { .init(channel) }

  func sums() async throws -> NodeSums {
    NodeSums(try await client.getNode(.init(), options: plan.options()))
  }

  /// Waits for the figures to come back to what they were, or to nothing before the first round.
  /// Returns the last ones and what has not come back after the time that faults are given.
  func settle(before: NodeSums?) async throws -> (sums: NodeSums, left: [String]) {
    let end = LoopInstant.now + .seconds(30)
    while true {
      let now = try await sums()
      let left = Self.left(now, before)
      if left.isEmpty || .now >= end { return (now, left) }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private static func left(_ now: NodeSums, _ before: NodeSums?) -> [String] {
    var left = now.isQuiet ? [] : ["not quiet: \(now)"]
    guard let before else { return left }
    if now.tasks > before.tasks { left.append("tasks: \(before.tasks) → \(now.tasks)") }
    if now.descriptors > before.descriptors {
      left.append("descriptors: \(before.descriptors) → \(now.descriptors)")
    }
    // What a round leaves behind must not grow with its length.
    let allowed = before.residentBytes + max(before.residentBytes / 10, 8 << 20)
    if now.residentBytes > allowed {
      left.append("resident bytes: \(before.residentBytes) → \(now.residentBytes)")
    }
    return left
  }

  /// Methods whose calls have not all ended, other than the one that asks.
  func unended() async throws -> [String] {
    let methods = try await client.listMethods(.init(), options: plan.options()).methods
    return methods.compactMap { method in
      let ended = method.outcomes.reduce(0) { $0 + $1.count }
      let asking = method.name == "usher.admin.v1.AdminService/ListMethods" ? 1 : 0
      let left = method.startedCount - ended - Int64(asking)
      return left == 0 ? nil : "\(method.name): \(left) of \(method.startedCount) never ended"
    }
  }
}
