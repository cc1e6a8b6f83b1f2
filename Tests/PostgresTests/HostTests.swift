// Names and addresses of database hosts: what is looked up, in which order it is tried, and a real
// server over TCP behind a list of hosts.

import Reactor
import Support
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(2)))
struct HostTests {
  @Test func onlyNamesAreLookedUp() {
    for host in [nil, "", "/tmp", "127.0.0.1", "::1", "@abstract", "/tmp,10.0.0.1"] as [String?] {
      #expect(DatabaseHosts(host: host, hostaddr: nil, port: nil) == nil, "\(host ?? "nil")")
    }
    #expect(DatabaseHosts(host: "db", hostaddr: "10.0.0.1", port: nil) == nil)
    #expect(DatabaseHosts(host: "a,b,c", hostaddr: nil, port: "1,2") == nil)
  }

  @Test func everyAddressIsAnEntryBesideItsName() throws {
    let hosts = try #require(
      DatabaseHosts(host: "db1,/run/db,10.0.0.9,gone,db2", hostaddr: "", port: "5,6,7,8,9"))
    let known = ["db1": ["10.0.0.1", "::1"], "db2": ["10.0.0.2"]]
    let pairs = try #require(hosts.parameters { known[$0] ?? [] })
    #expect(pairs.map(\.0) == ["host", "hostaddr", "port"])
    #expect(
      pairs.map(\.1) == [
        "db1,db1,/run/db,10.0.0.9,db2", "10.0.0.1,::1,,,10.0.0.2", "5,5,6,7,9",
      ])
    let one = try #require(DatabaseHosts(host: "db1", hostaddr: nil, port: nil))
    #expect(one.parameters { _ in [] } == nil)
    #expect(
      one.parameters { _ in (0..<99).map(String.init) }?[1].1.split(separator: ",").count == 16)
  }

  @Test func unknownNameIsAFailedConnection() async {
    let error = await failure { () async throws(PostgresError) in
      try await PostgresConnection.connect(
        PostgresConfiguration("host=no-such-host.invalid dbname=x"), on: TestLoops.next())
    }
    #expect(error?.kind == .connectFailed)
  }

  @Test func listOfHostsLeadsToTheOneThatServes() async throws {
    let folder = try TestFolder.make()
    defer { TestFolder.remove(folder) }
    let loop = TestLoops.next()
    let port = String(try SilentListener.freePort())
    let cluster = try TestCluster.make(
      in: folder, on: loop, ["listen_addresses": "127.0.0.1", "port": port])
    try await cluster.start()
    for string in [
      "host=127.0.0.1,localhost port=1,\(port) user=usher dbname=postgres",
      "postgresql://usher@localhost:1,localhost:\(port)/postgres?target_session_attrs=read-write",
      "host=localhost port=\(port) user=usher dbname=postgres sslmode=prefer",
    ] {
      let connection = try await PostgresConnection.connect(
        PostgresConfiguration(string), on: loop)
      #expect(try await connection.query("SELECT 1").rowCount == 1)
      // Over TCP the cancel request goes its own way, too.
      let error = await failure { () async throws(PostgresError) in
        try await connection.query("SELECT pg_sleep(4)", timeout: .milliseconds(50))
      }
      #expect(error?.kind == .deadlineExceeded)
      await connection.close()
    }
    await cluster.stop()
  }
}
