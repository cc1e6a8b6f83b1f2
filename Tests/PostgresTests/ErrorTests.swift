// What the server refuses, by SQLSTATE; and that no error's description says what it must not.

import Postgres
import Reactor
import Support
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ErrorTests {
  static let schema = """
    CREATE EXTENSION btree_gist;
    CREATE TABLE parent (id int4 PRIMARY KEY);
    CREATE TABLE t (
      id int4 PRIMARY KEY, needed int4 NOT NULL DEFAULT 1, small int4 CHECK (small < 10),
      parent int4 REFERENCES parent, during int4range,
      EXCLUDE USING gist (needed WITH =, during WITH &&));
    INSERT INTO t (id, during) VALUES (1, '[1,5)');
    """

  static let refusals: [(String, PostgresError.Kind, String)] = [
    ("INSERT INTO t (id) VALUES (1)", .uniqueViolation, "23505"),
    ("INSERT INTO t (id, during) VALUES (2, '[4,6)')", .exclusionViolation, "23P01"),
    ("INSERT INTO t (id, small) VALUES (2, 10)", .checkViolation, "23514"),
    ("INSERT INTO t (id, parent) VALUES (2, 7)", .foreignKeyViolation, "23503"),
    ("INSERT INTO t (id, needed) VALUES (2, NULL)", .notNullViolation, "23502"),
    ("SELECT 'secret'::int4", .invalidValue, "22P02"),
    ("SELEC 'secret'", .invalidStatement, "42601"),
    ("SELECT nothing FROM t", .invalidStatement, "42703"),
    ("DO $$ BEGIN RAISE 'secret'; END $$", .raised, "P0001"),
    ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", .serializationFailure, "40001"),
    ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", .diskFull, "53100"),
    ("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$", .tooManyConnections, "53300"),
    ("DO $$ BEGIN RAISE SQLSTATE '08006'; END $$", .server, "08006"),
    ("DO $$ BEGIN RAISE SQLSTATE 'UX001'; END $$", .server, "UX001"),
  ]

  @Test func refusalsHaveTheirKindAndSayNothingElse() async throws {
    try await withConnection { connection in
      try await connection.executeScript(Self.schema)
      for (sql, kind, code) in Self.refusals {
        let error = await failure { () async throws(PostgresError) in
          try await connection.query(PostgresStatement(sql: sql))
        }
        #expect(error?.kind == kind, "\(sql)")
        #expect(error?.sqlState?.code == code, "\(sql)")
        #expect(error?.description.contains("secret") == false)
        #expect(error?.description.contains(sql) == false)
        #expect(error?.maybeExecuted == false)
      }
    }
  }

  @Test func readOnlyTransactionRefusesWrites() async throws {
    try await withConnection({
      $0.connectionString += " options='-c default_transaction_read_only=on'"
    }) { connection in
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("CREATE TABLE t ()")
      }
      #expect(error?.kind == .readOnly)
      #expect(error?.isUnavailable == true)
    }
  }

  @Test func lockTimeoutAndDeadlockAreTold() async throws {
    try await withTwoConnections { first, second in
      try await first.executeScript("CREATE TABLE t (n int4); INSERT INTO t VALUES (1), (2)")
      _ = try await first.query("SELECT set_config('lock_timeout', '100ms', false)")
      try await second.executeScript("BEGIN; UPDATE t SET n = n WHERE n = 1")
      let timeout = await failure { () async throws(PostgresError) in
        try await first.query("UPDATE t SET n = n WHERE n = 1")
      }
      #expect(timeout?.kind == .lockTimeout)

      _ = try await first.query("SELECT set_config('lock_timeout', '0', false)")
      try await first.executeScript("BEGIN; UPDATE t SET n = n WHERE n = 2")
      async let one = failure { () async throws(PostgresError) in
        try await first.query("UPDATE t SET n = n WHERE n = 1")
      }
      async let two = failure { () async throws(PostgresError) in
        try await second.query("UPDATE t SET n = n WHERE n = 2")
      }
      let kinds = await [one?.kind, two?.kind]
      #expect(kinds.contains(.deadlockDetected))
    }
  }

  @Test func serializationFailureIsRetryable() async throws {
    try await withTwoConnections { first, second in
      try await first.executeScript("CREATE TABLE t (n int4); INSERT INTO t VALUES (1)")
      try await first.executeScript("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM t")
      _ = try await second.query("UPDATE t SET n = 2")
      let error = await failure { () async throws(PostgresError) in
        try await first.query("UPDATE t SET n = 3")
      }
      #expect(error?.kind == .serializationFailure)
      #expect(error?.isRetryable == true)
    }
  }

  @Test func unreachableDatabaseIsTold() async throws {
    let loop = TestLoops.next()
    let cases: [(String, PostgresError.Kind)] = [
      ("host=/nonexistent dbname=x", .connectFailed),
      ("nonsense", .invalidConfiguration),
      ("port=notanumber host=/tmp", .connectFailed),
      ("host=127.0.0.1 port=1 dbname=x user=x", .connectFailed),
    ]
    for (string, kind) in cases {
      let error = await failure { () async throws(PostgresError) in
        try await PostgresConnection.connect(PostgresConfiguration(string), on: loop)
      }
      #expect(error?.kind == kind, "\(string)")
      #expect(error?.maybeExecuted == false)
    }
    let cluster = try await TestCluster.shared.cluster()
    let missing = await failure { () async throws(PostgresError) in
      try await PostgresConnection.connect(
        PostgresConfiguration(cluster.connectionString(database: "no'such \\ one")), on: loop)
    }
    #expect(missing?.kind == .connectFailed)
    #expect(missing?.serverMessage?.contains(#"no'such \ one"#) == true)
  }

  @Test func silentServerIsGivenUp() async throws {
    // A socket that accepts and never answers.
    let silent = try SilentListener()
    var configuration = PostgresConfiguration(
      "host=127.0.0.1 port=\(silent.port) dbname=x user=x sslmode=disable")
    configuration.connectTimeout = .milliseconds(200)
    let error = await failure { [configuration] () async throws(PostgresError) in
      try await PostgresConnection.connect(configuration, on: TestLoops.next())
    }
    #expect(error?.kind == .connectTimeout)
  }
}

/// Two connections to one database.
func withTwoConnections(
  _ body: @escaping @Sendable (PostgresConnection, PostgresConnection) async throws -> Void
) async throws {
  try await TestCluster.shared.withDatabase { string in
    let loop = TestLoops.next()
    try await loop.run { () async throws in
      let configuration = PostgresConfiguration(string)
      let first = try await PostgresConnection.connect(configuration, on: loop)
      let second = try await PostgresConnection.connect(configuration, on: loop)
      do {
        try await body(first, second)
      } catch {
        await first.close()
        await second.close()
        throw error
      }
      await first.close()
      await second.close()
    }
  }
}
