// One node put together: loops, database connections, lanes, feed, services, listener. The order
// in which things start and stop is decided here and nowhere else.

import Booking
import BookingStore
import Logging
import Postgres
import RPC
import RPCTransport
import Reactor
import SeatFeed
import Secrets
import Synchronization
import TLS
import UsherProtos
import UsherServices

/// Why a node cannot start, in words for the operator.
struct StartError: Error, CustomStringConvertible {
  let description: String
}

/// A running node.
final class Node: Sendable {
  let server: Server
  private let judge: HealthJudge
  private let parts: PerLoop<NodeParts>
  private let pools: [PostgresPool]
  private let sweeper: HoldSweeper
  private let salesSweeper: SalesSweeper
  private let accountSweeper: AccountSweeper
  private let changes: ChangeFeed
  private let tokens: TokenKeyring?
  private let settings: Settings

  /// Checks the database, starts everything and returns when the node serves.
  static func start(
    _ settings: Settings, on loops: [EventLoop], logger: Logger
  ) async throws -> Node {
    let isSandbox = try await DatabaseCheck.run(settings, on: loops[0])
    if isSandbox {
      logger.notice("the database is a sandbox: partners may move its clock and break its calls")
    }
    let node = try Node(settings, loops, isSandbox: isSandbox, logger)
    for pool in node.pools { await pool.start() }
    node.sweeper.start()
    node.salesSweeper.start()
    node.accountSweeper.start()
    node.changes.start()
    await node.server.start()
    return node
  }

  private init(
    _ settings: Settings, _ loops: [EventLoop], isSandbox: Bool, _ logger: Logger
  ) throws {
    self.settings = settings
    let health = HealthBoard(services: [], isServing: true)
    let configuration = PostgresConfiguration(settings.database)
    let judge = HealthJudge(health)
    self.judge = judge
    let factory = PoolFactory(configuration, judge)
    let reads = loops.map { loop in
      factory.make("reads \(loop.name)", loop, connections: settings.poolConnections)
    }
    let tokens = try settings.tokenKeyring()
    self.tokens = tokens
    let shows = reads.map { ShowDirectory(CatalogStore($0), on: $0.loop) }
    let limits = RateLimits(
      .init(
        selling: settings.sellingPerSecond, reporting: settings.reportingPerSecond,
        anonymous: settings.anonymousPerSecond, passwords: settings.passwordsPerSecond))
    let parts = PerLoop(loops) { loop in
      let index = loops.firstIndex { $0 === loop } ?? 0
      return Self.makeParts(loop, reads[index], shows[index], tokens, limits, logger)
    }
    self.parts = parts
    let workers = (0..<settings.laneWorkers).map { index in
      let loop = loops[index % loops.count]
      return LaneWorker(
        factory.make("lanes \(index)", loop, connections: 1), shows[index % loops.count],
        on: loop
      ) { parts.applyOwn($0) }
    }
    let lanes = Lanes(workers)
    let sweeping = factory.make("sweeper", loops[0], connections: 1)
    sweeper = HoldSweeper(sweeping, lanes, on: loops[0], logger: logger)
    accountSweeper = AccountSweeper(sweeping, lanes, on: loops[0], logger: logger)
    salesSweeper = SalesSweeper(
      SalesStore(factory.make("sales", loops[0], connections: 1)), on: loops[0], logger: logger)
    pools = factory.all.map(\.pool)
    changes = ChangeFeed(
      configuration, slotName: Self.slotName(), on: loops[0], logger: logger
    ) { event in
      Self.deliver(event, to: parts)
      lanes.note(event)
    }
    let reference = ServerReference()
    let inventory = NodeInventory(
      parts: parts, pools: factory.all, workers: workers, metrics: CallMetrics(loops: loops),
      isSandbox: isSandbox
    ) { reference.server }
    let router = Self.router(settings, inventory, health, tokens, logger)
    var server = ServerConfiguration(
      endpoints: settings.listen, tls: try settings.tls())
    server.limits.connectionsPerPeer = settings.connectionsPerPeer
    self.server = try Server(
      loops: loops, router: router, configuration: server, logger: logger)
    reference.server = self.server
  }

  /// Slots are temporary, but two nodes must not have the same at a time.
  private static func slotName() -> String {
    "usher_" + String(UInt64.random(in: 0 ... .max), radix: 16)
  }

  private static func makeParts(
    _ loop: EventLoop, _ pool: PostgresPool, _ shows: ShowDirectory, _ tokens: TokenKeyring?,
    _ limits: RateLimits, _ logger: Logger
  ) -> NodeParts {
    let seatMaps = SeatMapStore(pool)
    let groups = SeatMapFrames.groups(seatMaps, logger: logger)
    let feed = FeedRegistry(loop: loop, groups: groups) { (showID) async throws(FeedError) in
      try await SeatMapFrames.load(showID, shows, seatMaps, logger: logger)
    }
    return NodeParts(
      catalog: CatalogStore(pool), answers: AnswerCache(), movies: MovieStore(pool),
      reviews: ReviewStore(pool), shows: shows, seatMaps: seatMaps,
      bookings: BookingLookup(pool),
      credentials: CredentialCache(CredentialStore(pool), tokens, limits),
      operators: OperatorStore(pool), houses: HouseStore(pool),
      terms: TermsStore(pool),
      accounts: AccountStore(pool), feed: feed, waitlist: WaitlistStore(pool),
      waitRoom: WaitRoom(WaitlistStore(pool), on: loop, logger: logger), sales: SalesStore(pool),
      salesNews: SalesNews(SalesStore(pool), on: loop, logger: logger),
      suspicions: SuspicionStore(pool), sandbox: SandboxStore(pool))
  }

  private static func deliver(_ event: ChangeFeedEvent, to parts: PerLoop<NodeParts>) {
    switch event {
    case .began:
      parts.onEach { parts in
        parts.feed.streamBegan()
        parts.waitRoom.streamBegan()
        parts.answers.streamBegan()
      }
    case .ended:
      parts.onEach { parts in
        parts.feed.streamEnded()
        parts.answers.streamEnded()
      }
    case .change(let change):
      parts.onEach { parts in
        parts.feed.apply(change)
        parts.salesNews.note()
      }
    case .queue(let change): parts.onEach { $0.waitRoom.note(change) }
    case .catalogue(let change):
      parts.onEach { parts in
        parts.answers.note(change)
        parts.shows.note(change)
      }
    }
  }

  private static func router(
    _ settings: Settings, _ inventory: NodeInventory, _ health: HealthBoard,
    _ tokens: TokenKeyring?, _ logger: Logger
  ) -> Router {
    let parts = inventory.parts
    var interceptors: [any ServerInterceptor] = [inventory.metrics]
    // Each link of the chain costs every call something.
    if logger.logLevel <= AccessLog.level { interceptors.append(AccessLog(logger)) }
    interceptors.append(
      CredentialInterceptor(parts, anonymousReads: settings.anonymousReads, logger: logger))
    if inventory.isSandbox { interceptors.append(SandboxFaults(parts, logger: logger)) }
    var router = Router(interceptors: interceptors)
    let catalog = CatalogService(parts, logger: logger)
    router.register(catalog)
    catalog.answerFromMemory(in: &router)
    let reviews = ReviewService(parts, logger: logger)
    router.register(reviews)
    reviews.answerFromMemory(in: &router)
    router.register(RecommendationService(parts, logger: logger))
    router.register(CatalogAdminService(parts, logger: logger))
    let seatMaps = SeatMapService(parts, logger: logger)
    router.register(seatMaps)
    seatMaps.answerAtOnce(in: &router)
    let lanes = Lanes(inventory.workers)
    let bookingIDs = BookingIDs()
    let bookings = BookingService(parts, lanes, logger: logger) { bookingIDs.next(lane: $0) }
    router.register(bookings)
    bookings.answerAtOnce(in: &router)
    router.register(
      WaitlistService(parts, lanes, logger: logger) { bookingIDs.next(lane: $0) })
    router.register(SalesService(parts, logger: logger))
    let healthService = HealthService(health)
    router.register(healthService)
    healthService.answerAtOnce(in: &router)
    router.register(AdminService(inventory))
    let holds = AccountHolds(parts, lanes, logger: logger)
    router.register(OperatorService(parts, holds, logger: logger))
    router.register(PartnerService(parts, lanes, logger: logger))
    router.register(
      SandboxService(parts, lanes, isSandbox: inventory.isSandbox, logger: logger))
    if let tokens {
      router.register(AccountService(parts, holds, PasswordHasher(), tokens, logger: logger))
    }
    if settings.reflection { router.registerReflection() }
    let ungoverned = Permissions.table.missing(of: router.methods)
    precondition(ungoverned.isEmpty, "methods without permissions: \(ungoverned.map(\.path))")
    let services = Set(router.methods.map(\.service))
    health.serve(services)
    // Every service, those open to all included: none has a large request but for a layout.
    for service in services {
      router.limitRequests(ofService: service, toBytes: RPC.Limits.smallMessageBytes)
    }
    router.limitRequests(
      of: Usher.V1.PartnerServiceMethods.importLayout, toBytes: RPC.Limits.messageBytes)
    return router
  }

  /// Reads token keys, certificate, key, authorities and revocation lists anew, for connections from now on.
  /// Files that cannot be used change nothing.
  func reloadCertificates(_ logger: Logger) async {
    do throws(SecretsError) {
      try tokens?.reload()
    } catch {
      logger.error("token keys not reloaded, the old ones stay", metadata: ["error": "\(error)"])
    }
    do throws(TLSError) {
      guard let context = try settings.tls() else {
        return logger.notice("no certificates to reload")
      }
      await server.replaceTLS(context)
      logger.notice("certificates reloaded")
    } catch {
      logger.error(
        "certificates not reloaded, the old ones stay", metadata: ["error": "\(error)"])
    }
  }

  // MARK: The end

  /// Says NOT_SERVING, lets calls finish, then closes everything.
  func stop() async {
    judge.stop()
    await server.drain(grace: .seconds(settings.drainSeconds))
    sweeper.stop()
    salesSweeper.stop()
    accountSweeper.stop()
    await changes.stop()
    for pool in pools { await pool.close() }
  }
}

/// The server, for the service that shows it: a service is made before the server it is part of.
private final class ServerReference: Sendable {
  private struct Content { weak var server: Server? }
  private let content = Mutex(Content())

  var server: Server? {
    get { content.withLock(\.server) }
    set { content.withLock { $0.server = newValue } }
  }
}

/// Makes pools and remembers them all.
private final class PoolFactory {
  private let configuration: PostgresConfiguration
  private let judge: HealthJudge
  private(set) var all: [(name: String, pool: PostgresPool)] = []

  init(_ configuration: PostgresConfiguration, _ judge: HealthJudge) {
    self.configuration = configuration
    self.judge = judge
  }

  func make(_ name: String, _ loop: EventLoop, connections: Int) -> PostgresPool {
    var settings = PostgresPool.Settings(configuration)
    settings.maximumConnections = connections
    let number = all.count
    let pool = PostgresPool(settings, on: loop) { [judge] in judge.note($0, ofPool: number) }
    all.append((name, pool))
    return pool
  }
}
