// Who calls too often waits as told: lists through the binary against the peer.

import Foundation
import Synchronization
import Testing

@Suite struct PatienceTests {
  private func withPeer(_ body: (Peer, CommandLine) async throws -> Void) async throws {
    let peer = try await Peer()
    let cli = try CommandLine(["USHER_SERVER": peer.address, "USHER_INSECURE": "1"])
    try await body(peer, cli)
    await peer.stop()
  }

  @Test func aListGoesOnWhereItWasToldToWait() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock { $0.cityPauses = [.milliseconds(2), .milliseconds(1)] }
      let all = try await cli.run(["cities", "--limit", "0", "-o", "csv"])
      #expect(all.code == 0)
      let lines = all.out.split(separator: "\n")
      #expect(lines.count == 451 && Set(lines).count == 451)
      #expect(peer.town.withLock { $0.cityPages } == ["", "200", "200", "200", "400"])
      #expect(all.err.components(separatedBy: "too many calls; going on in 0.0 s\n").count == 3)
    }
  }

  @Test func noListWaitsLongerThanItHasTime() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock { $0.cityPauses = [.seconds(3_600)] }
      let cut = try await cli.run(["cities", "--limit", "0", "-o", "csv", "--timeout", "20s"])
      #expect(cut.code == 75 && cut.out.split(separator: "\n").count == 201)
      #expect(cut.err.contains("  reason: RATE_LIMITED\n  try again in: 1:00:00\n"))
      #expect(peer.town.withLock { $0.cityPages } == ["", "200"])
    }
  }
}
