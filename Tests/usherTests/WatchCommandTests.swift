// `usher watch` through the binary against the peer, where standard output is no terminal.

import Foundation
import Synchronization
import Testing
import UsherProtos

@Suite struct WatchCommandTests {
  private func withPeer(_ body: (Peer, CommandLine) async throws -> Void) async throws {
    let peer = try await Peer()
    let cli = try CommandLine(["USHER_SERVER": peer.address, "USHER_INSECURE": "1"])
    try await body(peer, cli)
    await peer.stop()
  }

  @Test func aLinePerEvent() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["watch", "7", "--changes", "2"]) { _ in
        await peer.watchers(1)
        peer.town.withLock {
          $0.set(["A1", "A2"], .held)
          $0.set(["A1"], .sold)
        }
      }
      #expect(run.code == 0)
      #expect(
        run.out == """
          snapshot  v1  10 seats: 10 free, 0 held, 0 sold
          bookmark  v1
          change    v2  held A1 A2
          change    v3  sold A1

          """)
    }
  }

  @Test func anObjectPerEvent() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["watch", "7", "--changes", "1", "-o", "jsonl"]) { _ in
        await peer.watchers(1)
        peer.town.withLock { $0.set(["A1"], .held) }
      }
      let lines = run.out.split(separator: "\n")
      #expect(lines.count == 3)
      #expect(lines[0].hasPrefix(#"{"snapshot":{"showId":"7","version":"1","seats":[{"#))
      #expect(lines[1] == #"{"bookmark":{"version":"1"}}"#)
      #expect(
        lines[2]
          == #"{"change":{"version":"2","previousVersion":"1","seats":[{"label":"A1","state":"SEAT_STATE_HELD","seatNumber":1}]}}"#
      )
    }
  }

  @Test func aCutStreamIsResumedWhereItBroke() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["watch", "7", "--changes", "3"]) { _ in
        await peer.watchers(1)
        peer.town.withLock { $0.set(["A1"], .held) }
        peer.cutStreams()
        peer.town.withLock { $0.set(["A2"], .held) }
        await peer.watchers(2)
        peer.town.withLock { $0.set(["A3"], .held) }
      }
      #expect(run.code == 0)
      #expect(
        run.out.split(separator: "\n").filter { $0.hasPrefix("change") } == [
          "change    v2  held A1", "change    v3  held A2", "change    v4  held A3",
        ])
      #expect(run.err.contains("the stream broke (the server goes away); resuming after version "))
    }
  }

  @Test(arguments: [["7", "8"], ["--theatre", "Metropol"]])
  func manyShowsAreARowEachAndRowsUnderThem(shows: [String]) async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["watch"] + shows + ["--changes", "1"])
      #expect(run.code == 0)
      #expect(
        run.out == """
                SHOW   VERSION    FREE    HELD    SOLD  BLOCKED
                   7         1      10       0       0        0
                   8        90       0       2    1200        6
                   7         3       8       2       0        0
                   8      gone

          """)
    }
  }

  @Test func manyShowsAreAnObjectPerEvent() async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["watch", "7", "8", "--changes", "1", "-o", "jsonl"])
      let lines = run.out.split(separator: "\n")
      #expect(lines.count == 3)
      #expect(
        lines[0].hasPrefix(
          #"{"snapshot":{"shows":[{"showId":"7","version":"1","availableCount":10},{"#))
      #expect(lines[1] == #"{"bookmark":{}}"#)
      #expect(lines[2].hasSuffix(#""removedShowIds":["8"]}}"#))
    }
  }

  @Test func aCutStreamOfManyShowsBeginsAnew() async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["watch", "7", "8", "--changes", "2"])
      #expect(run.code == 0)
      #expect(run.out.split(separator: "\n").filter { $0.contains("SHOW") }.count == 2)
      #expect(run.err.contains("the stream broke (the server goes away); beginning anew in "))
    }
  }

  @Test(arguments: [
    (["watch"], "Name shows, or a theatre with --theatre."),
    (["watch", "7", "--theatre", "2"], "Name shows, or a theatre with --theatre."),
    (["watch", "7", "7"], "Name each show once."),
  ])
  func watchSaysWhatItCannotWatch(arguments: [String], message: String) async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(arguments)
      #expect(run.code == 64 && run.err.contains(message))
    }
  }

  @Test func anUnknownShowAmongManyIsSaid() async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["watch", "7", "9"])
      #expect(run.code == 5 && run.err.contains("There is no such show."))
    }
  }

  @Test func inATerminalTheMapIsLive() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.runInTerminal("watch 7 --changes 1") { _ in
        await peer.watchers(1)
        peer.town.withLock { $0.set(["A1"], .held) }
      }
      #expect(run.code == 0)
      let enter = try #require(run.out.range(of: "\u{1b}[?1049h"))
      let leave = try #require(run.out.range(of: "\u{1b}[?1049l"))
      let live = run.out[enter.upperBound..<leave.lowerBound]
      #expect(live.contains("v2  held A1"))
      #expect(live.contains("\u{1b}[36mo . "))
      #expect(live.contains("q ends, arrows move"))
      #expect(run.out[leave.upperBound...].contains("map version 2"))
      #expect(run.out.contains("\u{1b}[?25h"))
    }
  }

  @Test func aDumbTerminalGetsLines() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.runInTerminal("watch 7 --changes 1", ["TERM": "dumb"]) { _ in
        await peer.watchers(1)
        peer.town.withLock { $0.set(["A1"], .held) }
      }
      #expect(run.code == 0)
      #expect(run.out.contains("change    v2  held A1"))
      #expect(!run.out.contains("\u{1b}"))
    }
  }

  @Test func onceIsAStill() async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["watch", "7", "--once"])
      #expect(run.code == 0)
      #expect(run.out.contains("A  . .   . . .  A\n"))
      let object = try await cli.run(["watch", "7", "--once", "-o", "json"])
      #expect(object.out.split(separator: "\n").count == 1)
    }
  }

  @Test func endsOfAWatch() async throws {
    try await withPeer { peer, cli in
      #expect(try await cli.run(["watch", "8"]).code == 5)
      #expect(try await cli.run(["watch", "7", "--server", "127.0.0.1:1"]).code == 75)
      #expect(try await cli.run(["watch", "7", "--timeout", "300ms"]).code == 124)
      let seen = peer.town.withLock { $0.watcherCount }
      let interrupted = try await cli.run(["watch", "7"]) { process in
        await peer.watchers(seen + 1)
        kill(process, SIGINT)
      }
      #expect(interrupted.code == 130)
      #expect(interrupted.err.split(separator: "\n").count == 1)
    }
  }
}
