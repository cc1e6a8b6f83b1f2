// Bounds of the PostgreSQL floor, each with its reason. Settings that an operator may change are in
// PostgresConfiguration and PostgresPool.Settings; these here are fixed.

enum Limits {
  /// Queries sent and not yet answered on one connection. One connection is one backend and runs
  /// them one after the other: 256 fills a round trip many times over, more is only waiting that
  /// the caller's deadline cannot see.
  static let queriesInFlight = 256

  /// Single statements of a pool on one connection: one that runs, and as many behind it as keep the server
  /// from falling asleep before our loop has its turn again. More would wait where nobody else can take them:
  /// one that stands behind others waits as long as they may run or wait for a lock.
  static let statementsPerCarrier = 4

  /// How long a statement may have run for another to be sent after it: longer than those do that fetch a
  /// page by an index, shorter than what is worth going round.
  static let followedFor: Duration = .milliseconds(5)

  /// Prepared statements kept per connection. Statements come from files of the program, so their
  /// number is known and small; anything beyond is a sign of built-up SQL and runs unprepared.
  static let preparedStatements = 512

  /// Encoded parameter bytes of one query: sixteen times the largest message a caller can send.
  static let parameterBytes = 64 << 20

  /// Parameters of one query: the protocol counts them in 16 bits.
  static let parameterCount = 65_535

  /// How long the server may stay silent after a query's time is up (and its cancel request sent)
  /// before the connection is given up: a frozen server or a dead link, not a slow statement.
  static let silenceAfterCancel: Duration = .seconds(5)

  /// Addresses tried per host name: a name with more is a mistake or an attack on the resolver.
  static let addressesPerHost = 16

  /// How often a query that a stray cancel request hit is sent again. One request can hit twice:
  /// the postmaster signals the backend and then its process group.
  static let resends = 4

  /// Elements of one array: 10 seats × 256 requests of a batch stay far below; a corrupt count
  /// must not become an allocation.
  static let arrayElements = 1 << 20

  /// One logical replication message, as received: a transaction's seats of one show are at most
  /// some tens of kilobytes.
  static let replicationMessageBytes = 16 << 20

  /// How often the replication position is confirmed unasked: a sixth of PostgreSQL's
  /// wal_sender_timeout (60 s).
  static let replicationStatusInterval: Duration = .seconds(10)

  /// Creating a slot waits for every transaction then in flight; statements end after 5 s, but
  /// migrations and seeding may run longer.
  static let replicationStartTimeout: Duration = .seconds(30)

  /// A private cluster may have to replay its log after a crash before it accepts connections.
  static let clusterStart: Duration = .seconds(60)

  /// A fast shutdown writes a checkpoint; after this the cluster is stopped the hard way.
  static let clusterStop: Duration = .seconds(20)

  /// The private cluster's log is set aside at the next start once it is larger than this.
  static let clusterLogBytes: Int64 = 16 << 20

  /// Bytes of a log or child output quoted in an error.
  static let quotedLogBytes = 2_000

  /// `sockaddr_un.sun_path` holds 108 bytes with its terminator.
  static let socketPathBytes = 107
}
