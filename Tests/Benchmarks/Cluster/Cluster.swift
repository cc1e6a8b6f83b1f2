// A private PostgreSQL for the benchmarks, with the settings that the demo's has because the same
// code starts it. Ends when standard input does: with whoever started it, however that went.

import Foundation
import Postgres
import Reactor

/// `BenchCluster FOLDER`; prints `ready POSTMASTER-PID CONNECTION-STRING`.
@main struct Cluster {
  static func main() async throws {
    guard CommandLine.arguments.count == 2 else {
      FileHandle.standardError.write(Data("BenchCluster FOLDER\n".utf8))
      exit(64)
    }
    let cluster = try PrivateCluster(
      PrivateCluster.Settings(folder: CommandLine.arguments[1]),
      on: EventLoop(name: "cluster"))
    try await cluster.start()
    let connection = cluster.connectionString(database: "postgres")
    let line = "ready \(cluster.processID ?? 0) \(connection)\n"
    FileHandle.standardOutput.write(Data(line.utf8))
    _ = try FileHandle.standardInput.readToEnd()
    await cluster.stop()
  }
}
