// usher.admin.v1: one node's figures for its operators. Gathers by hopping to each loop; changes
// nothing and keeps nothing.

package import BookingStore
package import Postgres
package import RPC
package import RPCTransport
package import Reactor
import SeatFeed
package import UsherProtos

/// What the admin service shows.
package struct NodeInventory: Sendable {
  package let parts: PerLoop<NodeParts>
  package let pools: [(name: String, pool: PostgresPool)]
  package let workers: [LaneWorker]
  package let metrics: CallMetrics
  /// Whether the database is a sandbox.
  package let isSandbox: Bool
  /// The server that this service is a part of; nil before it is made.
  package let server: @Sendable () -> Server?

  package init(
    parts: PerLoop<NodeParts>, pools: [(name: String, pool: PostgresPool)],
    workers: [LaneWorker], metrics: CallMetrics, isSandbox: Bool,
    server: @escaping @Sendable () -> Server?
  ) {
    self.parts = parts
    self.pools = pools
    self.workers = workers
    self.metrics = metrics
    self.isSandbox = isSandbox
    self.server = server
  }
}

package struct AdminService: Usher.Admin.V1.AdminServiceServer {
  private typealias API = Usher.Admin.V1
  private let inventory: NodeInventory
  private let began = LoopInstant.now

  package init(_ inventory: NodeInventory) { self.inventory = inventory }

  // MARK: The node

  package func getNode(
    _ request: Usher.Admin.V1.GetNodeRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.GetNodeResponse {
    let process = ProcessFigures.now()
    return API.GetNodeResponse(
      uptimeMs: (LoopInstant.now - began).wholeMilliseconds,
      descriptorCount: Int64(process.descriptorCount), residentBytes: Int64(process.residentBytes),
      loops: await loops(), pools: await pools(), laneWorkers: await workers(),
      isSandbox: inventory.isSandbox)
  }

  private func loops() async -> [API.Loop] {
    let connections = await inventory.server()?.connections() ?? []
    var loops: [API.Loop] = []
    for loop in inventory.parts.loops {
      let own = connections.filter { $0.loop === loop }
      let parts = inventory.parts
      let (figures, feed) = await loop.run {
        (loop.figures, (parts[loop].feed.watcherCount, parts[loop].feed.showCount))
      }
      loops.append(
        API.Loop(
          name: loop.name, connectionCount: Int64(own.count),
          streamCount: Int64(own.reduce(0) { $0 + $1.streamCount }),
          callCount: Int64(own.reduce(0) { $0 + $1.callCount }),
          subscriberCount: Int64(feed.0), showCount: Int64(feed.1),
          taskCount: Int64(figures.taskCount), timerCount: Int64(figures.timerCount),
          registrationCount: Int64(figures.registrationCount)))
    }
    return loops
  }

  private func pools() async -> [API.Pool] {
    var pools: [API.Pool] = []
    for (name, pool) in inventory.pools {
      let occupancy = await pool.occupancy()
      pools.append(
        API.Pool(
          name: name, idleCount: Int64(occupancy.idleCount),
          lentCount: Int64(occupancy.lentCount), openingCount: Int64(occupancy.openingCount),
          waitingCount: Int64(occupancy.waitingCount), isDown: occupancy.health.isDown))
    }
    return pools
  }

  private func workers() async -> [API.LaneWorker] {
    var workers: [API.LaneWorker] = []
    for worker in inventory.workers {
      let occupancy = await worker.occupancy()
      workers.append(
        API.LaneWorker(
          loop: worker.loop.name, waitingCount: Int64(occupancy.waitingCount),
          isServing: occupancy.isServing))
    }
    return workers
  }

  // MARK: Connections

  package func listConnections(
    _ request: Usher.Admin.V1.ListConnectionsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListConnectionsResponse {
    let (size, after) = try Self.page(request)
    let rest = (await inventory.server()?.connections() ?? []).filter { $0.number > after }
    let page = rest.prefix(size)
    let last = page.last.map { String($0.number) } ?? ""
    return API.ListConnectionsResponse(
      connections: page.map(API.Connection.init), nextPageToken: rest.count > size ? last : "")
  }

  /// The size of the page and the number of the connection before it.
  private static func page(
    _ request: API.ListConnectionsRequest
  ) throws(RPCError) -> (size: Int, after: Int) {
    var violations = FieldViolations()
    violations.require(request.pageSize >= 0, "page_size", "must not be negative")
    try violations.check()
    let limit = Limits.connectionsPerPage
    let size = request.pageSize == 0 ? limit : min(Int(request.pageSize), limit)
    if request.pageToken.isEmpty { return (size, 0) }
    guard let after = Int(request.pageToken), after > 0 else {
      throw .invalidPageToken("The page token is not one of this list's.")
    }
    return (size, after)
  }

  // MARK: Methods

  package func listMethods(
    _ request: Usher.Admin.V1.ListMethodsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListMethodsResponse {
    API.ListMethodsResponse(methods: await inventory.metrics.figures().map(API.Method.init))
  }
}

extension Usher.Admin.V1.Connection {
  fileprivate init(_ figures: ConnectionFigures) {
    self.init(
      connectionId: Int64(figures.number), loop: figures.loop.name, peer: figures.peer,
      tls: figures.tls, certificateSubject: figures.certificateSubject,
      ageMs: figures.age.wholeMilliseconds, streamCount: Int64(figures.streamCount),
      callCount: Int64(figures.callCount), unsentBytes: Int64(figures.unsentByteCount),
      isDraining: figures.isDraining)
  }
}

extension Usher.Admin.V1.Method {
  fileprivate init(_ figures: MethodFigures) {
    let bounds = MethodFigures.bounds.map { $0.wholeNanoseconds / 1_000 } + [0]
    self.init(
      name: String(figures.method.path.dropFirst()),
      startedCount: Int64(clamping: figures.startedCount),
      outcomes: StatusCode.allCases.compactMap { code in
        let count = figures.handledCounts[code.rawValue]
        return count == 0 ? nil : .init(code: code.name, count: Int64(clamping: count))
      },
      durationUs: Int64(clamping: figures.durationNanoseconds / 1_000),
      buckets: zip(bounds, figures.durationCounts).map { bound, count in
        .init(boundUs: bound, count: Int64(clamping: count))
      })
  }
}
