// `usher wait` through the binary against the peer: places, the ticket, the offer, and every way out.

import Foundation
import Synchronization
import Testing
import UsherProtos

@Suite struct WaitCommandTests {
  private static let ticket = "7d444840-9dc0-11d1-b245-5ffdce74fad2"

  private func withPeer(_ body: (Peer, CommandLine) async throws -> Void) async throws {
    let peer = try await Peer()
    let cli = try CommandLine([
      "USHER_SERVER": peer.address, "USHER_INSECURE": "1", "USHER_TOKEN": Peer.key,
    ])
    try await body(peer, cli)
    await peer.stop()
  }

  @Test func aPartyComesBackWithItsTicketAndIsServed() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run([
        "wait", "7", "--seats", "2", "--request-id", Self.ticket, "--tier", "GOLD",
      ])
      #expect(run.code == 0)
      let id = "00000000-0000-7000-8000-000000000000"
      let lines = run.out.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(
        lines.prefix(5) == [
          "place 3   5 seats wanted before you", "place 2   1 seat wanted before you",
          "place 1   next in line", "Held B4, B5 for 4:59", "Booking \(id), show 7",
        ])
      #expect(run.out.contains("Total         22.40 EUR\n"))
      #expect(run.out.contains("  usher confirm \(id) --payment REFERENCE\n"))
      #expect(run.out.contains("  usher exchange \(id) 7 SEATS\n"))
      #expect(run.out.contains("The hold ends at "))
      let again = "usher wait 7 --seats 2 --tier GOLD --request-id \(Self.ticket)"
      #expect(
        run.err.contains("Ctrl-C leaves the line; the ticket keeps the place: \(again)\n"))
      #expect(
        run.err.contains("the stream broke (the server goes away); coming back with the ticket in"))
      let parties = peer.town.withLock { $0.parties }
      #expect(parties.map(\.requestId) == [Self.ticket, Self.ticket])
      #expect(parties.allSatisfy { $0.tier == "GOLD" && $0.showId == 7 })
      #expect(peer.town.withLock { $0.leavers }.isEmpty)
    }
  }

  @Test func whoLeavesIsToldWhetherThereWasAnOffer() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock { town in
        for (count, ticket) in [(3, Self.ticket), (5, "5" + Self.ticket.dropFirst())] {
          town.parties.append(.init(showId: 7, count: Int32(count), requestId: ticket))
        }
      }
      let left = try await cli.run(["leave", "7", Self.ticket])
      #expect(left.code == 0 && left.out == "No longer in the line for show 7.\n")
      let offered = try await cli.run(["leave", "7", "5" + Self.ticket.dropFirst()])
      #expect(
        offered.out == """
          Seats had been offered as booking booking-5.
            next: usher booking booking-5

          """)
      let unknown = try await cli.run(["leave", "7", UUID().uuidString])
      #expect(unknown.code == 5 && unknown.err.contains("reason: WAIT_NOT_FOUND"))
    }
  }

  @Test func whetherOneHasLeftMayBeInDoubt() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock {
        $0.parties.append(.init(showId: 7, count: 9, requestId: Self.ticket))
      }
      let run = try await cli.run(["leave", "7", Self.ticket, "--timeout", "1s"])
      #expect([75, 124].contains(run.code))
      #expect(run.err.contains("request id: \(Self.ticket)\n"))
      #expect(run.err.hasSuffix("  next: usher leave 7 \(Self.ticket)\n"))
    }
  }

  @Test(arguments: [["--json"], ["-o", "json"], ["-o", "jsonl"]])
  func anObjectPerEvent(format: [String]) async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["wait", "7", "--seats", "2"] + format)
      let lines = run.out.split(separator: "\n")
      #expect(lines.count == 4)
      #expect(lines[0] == #"{"position":{"position":3,"seatsAhead":5}}"#)
      #expect(lines[3].hasPrefix(#"{"offer":{"booking":{"bookingId":"00000000-"#))
    }
  }

  @Test func inATerminalOneLineIsWrittenOver() async throws {
    try await withPeer { _, cli in
      let run = try await cli.runInTerminal("wait 7 --seats 2 --color never")
      #expect(run.code == 0)
      #expect(
        run.out.contains(
          "\r\u{1b}[Kplace 3   5 seats wanted before you\r\u{1b}[Kplace 2   1 seat wanted before you\r\n"
        ))
      #expect(run.out.contains("\r\u{1b}[Kplace 1   next in line\r\n\u{7}Held B4, B5"))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func anInterruptionLeavesTheLine(signal: Int32) async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["wait", "7", "--seats", "3", "--request-id", Self.ticket]) {
        await peer.watchers(1)
        kill($0, signal)
      }
      #expect(run.code == 128 + signal)
      #expect(run.err.hasSuffix("usher: interrupted; no longer in the line for show 7\n"))
      #expect(peer.town.withLock { $0.leavers } == [Self.ticket])
    }
  }

  @Test func whoIsNotReadAnyMoreLeavesToo() async throws {
    try await withPeer { peer, cli in
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let run = try await cli.run(
        ["wait", "7", "--seats", "3", "--request-id", Self.ticket, "--json"],
        reader: pipe.fileHandleForWriting)
      #expect(run.code == 141)
      #expect(!run.err.contains("in the line"))
      #expect(peer.town.withLock { $0.leavers } == [Self.ticket])
    }
  }

  @Test func whoLeavesWithAnOfferIsTold() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["wait", "7", "--seats", "5"]) {
        await peer.watchers(1)
        kill($0, SIGINT)
      }
      #expect(run.code == 130)
      #expect(run.err.contains("usher: interrupted; seats had been offered as booking booking-5\n"))
      #expect(run.err.contains("next: usher booking booking-5\n"))
    }
  }

  @Test func whoRunsOutOfTimeLeavesToo() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["wait", "7", "--seats", "3", "--timeout", "2s"])
      #expect(run.code == 124)
      #expect(run.err.hasSuffix("usher: the time limit passed; no longer in the line for show 7\n"))
      #expect(peer.town.withLock { $0.leavers.count } == 1)
    }
  }

  @Test func whoCannotLeaveIsTold() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["wait", "7", "--seats", "9", "--request-id", Self.ticket]) {
        await peer.watchers(1)
        kill($0, SIGINT)
      }
      #expect(run.code == 130)
      #expect(run.err.contains("could not leave the line for show 7: "))
      #expect(run.err.contains("next: usher wait 7 --seats 9 --request-id \(Self.ticket)\n"))
    }
  }

  @Test func theEndsOfAWait() async throws {
    try await withPeer { peer, cli in
      let hopeless = try await cli.run(["wait", "7", "--seats", "4"])
      #expect(hopeless.code == 3)
      #expect(hopeless.err.contains("reason: WAIT_IS_HOPELESS"))
      #expect(hopeless.err.contains("next: usher seats 7\n"))
      let ended = try await cli.run(["wait", "7", "--seats", "6"])
      #expect(ended.code == 1)
      #expect(ended.err.contains("next: usher wait 7 --seats COUNT\n"))
      #expect(try await cli.run(["wait", "8", "--seats", "2"]).code == 5)
      #expect(peer.town.withLock { $0.leavers }.isEmpty)
      let away = try await cli.run([
        "wait", "7", "--seats", "2", "--server", "127.0.0.1:1", "--timeout", "1s",
      ])
      #expect(away.code == 75 || away.code == 124)
    }
  }
}
