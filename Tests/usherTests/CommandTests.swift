// Commands through the binary against the peer: what they print and how they end.

import Foundation
import Synchronization
import Testing

@Suite struct CommandTests {
  private func withPeer(
    _ variables: [String: String] = ["USHER_TOKEN": Peer.key],
    _ body: (Peer, CommandLine) async throws -> Void
  ) async throws {
    let peer = try await Peer()
    let cli = try CommandLine(
      ["USHER_SERVER": peer.address, "USHER_INSECURE": "1"].merging(variables) { $1 })
    try await body(peer, cli)
    await peer.stop()
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func listsFollowPagesUpToTheLimit() async throws {
    try await withPeer { _, cli in
      let hundred = try await cli.run(["cities"])
      #expect(hundred.out.split(separator: "\n").count == 101)
      #expect(hundred.err.contains("these are the first 100 cities; --limit 0 lists all"))
      let all = try await cli.run(["cities", "--limit", "0", "-o", "jsonl"])
      #expect(all.out.split(separator: "\n").count == 450)
      #expect(
        all.out.hasPrefix(
          #"{"cityId":"1","name":"Berlin","countryCode":"DE","theatreCount":1}"# + "\n"))
      let object = try json(try await cli.run(["cities", "--limit", "3", "-o", "json"]).out)
      #expect((object["cities"] as? [Any])?.count == 3)
      #expect(object.count == 1)
    }
  }

  @Test func listsAreCSV() async throws {
    try await withPeer { _, cli in
      let all = try await cli.run(["cities", "--limit", "0", "-o", "csv"])
      let lines = all.out.split(separator: "\n")
      #expect(lines.count == 451)
      #expect(lines[0] == "city_id,name,region,country,theatres")
      #expect(lines[1] == "1,Berlin,,DE,1")
      let cut = try await cli.run(["cities", "--csv"], ["COLUMNS": "20", "USHER_COLOR": "always"])
      #expect(cut.out == lines.prefix(101).map { $0 + "\n" }.joined())
      #expect(cut.err.contains("usher: these are the first 100 cities; --limit 0 lists all\n"))
      let shows = try await cli.run(["shows"], ["USHER_OUTPUT": "csv", "LANG": "C"])
      #expect(
        shows.out == """
          show_id,starts_at,ends_at,local_start,time_zone,movie_id,title,theatre_id,theatre,city,\
          auditorium,format,language,lowest_price,highest_price,currency,sales,seats
          7,,2027-03-28T19:22:00Z,2027-03-28T19:30,Europe/Berlin,3,The Long Winter,2,Metropol,Berlin,\
          Screen 3,2D,en,9.00,14.00,EUR,on sale,10

          """)
      let none = try await cli.run(["theatres", "--city", "2", "-o", "csv"])
      #expect(none.code == 0)
      #expect(none.out.hasPrefix("theatre_id,name,") && none.out.hasSuffix("longitude\n"))
    }
  }

  @Test(arguments: [
    ["hold", "7", "A1"], ["booking", "B"], ["watch", "7"], ["wait", "7", "--seats", "1"],
    ["request", "7d444840-9dc0-11d1-b245-5ffdce74fad2"], ["bench", "rush", "7"],
    ["config", "get"],
  ])
  func whatIsNoListHasNoCSV(_ arguments: [String]) async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(arguments + ["-o", "csv"])
      #expect(run.code == 64 && run.out.isEmpty)
      #expect(
        run.err == """
          usher: this command prints no list, and CSV is for lists
            hint: For programs there are -o json and -o jsonl.

          """)
      // It was refused before anything was asked.
      #expect(peer.town.withLock { $0.holdCalls + $0.parties.count } == 0)
      #expect(try await cli.run(arguments, ["USHER_OUTPUT": "csv"]).code == 64)
    }
  }

  @Test func filtersTakeNames() async throws {
    try await withPeer { _, cli in
      let shows = try await cli.run(
        ["shows", "--city", "berl", "--movie", "long winter", "--date", "2027-03-28"])
      #expect(
        shows.out == """
          SHOW  STARTS                 TITLE            THEATRE           AUDITORIUM  FORMAT  LANG  \
          PRICE           SALES
             7  Sun 28 Mar 2027 19:30  The Long Winter  Metropol, Berlin  Screen 3    2D      en    \
          9.00–14.00 EUR  on sale

          """)
      #expect(try await cli.run(["shows", "--city", "Atlantis"]).code == 5)
      #expect(try await cli.run(["shows", "--city", "City 1"]).code == 64)
      let none = try await cli.run(["theatres", "--city", "2"])
      #expect(none.code == 0)
      #expect(none.err.contains("no theatres"))
    }
  }

  @Test func cleartextIsSaid() async throws {
    try await withPeer { peer, cli in
      let run = try await cli.run(["cities", "--limit", "1"])
      #expect(
        run.err.contains(
          "cleartext connection to \(peer.address): anyone on the way can read it, the key included"
        ))
    }
  }

  @Test func seatsAreDrawn() async throws {
    try await withPeer { _, cli in
      let run = try await cli.run(["seats", "7", "--free"])
      #expect(
        run.out == """
          The Long Winter · 2D · en
          Metropol, Berlin · Screen 3
          Sun 28 Mar 2027 19:30 Europe/Berlin (UTC+02:00)
          Show 7 · on sale · map version 1

             ━ SCREEN ━━
             1 2   3 4 5
          A  . .   . . .  A
          B  . .   . . .  B

          . free   o held   # sold
          GOLD    14.00 EUR  5 of 5 free, row B
          STALLS   9.00 EUR  5 of 5 free, row A
          10 seats: 10 free, 0 held, 0 sold

          A1 A2   A3 A4 A5
          B1 B2   B3 B4 B5

          """)
      let map = try json(try await cli.run(["seats", "7", "-o", "json"]).out)
      #expect(map["showId"] as? String == "7")
      #expect((map["seats"] as? [Any])?.count == 10)
    }
  }

  @Test func aSaleFromHoldToCancellation() async throws {
    try await withPeer { _, cli in
      let hold = try await cli.run(["hold", "7", "B1,B2"])
      let id = "00000000-0000-7000-8000-000000000000"
      #expect(hold.code == 0)
      #expect(
        hold.out == """
          Held B1, B2 for 4:59
          Booking \(id), show 7

          SEAT  PRICE RULE       AMOUNT
          B1    GOLD          14.00 EUR
                less Matinee  -2.80 EUR
          B2    GOLD          14.00 EUR
                less Matinee  -2.80 EUR
                Total         22.40 EUR

          Confirm within 4:59:
            usher confirm \(id) --payment REFERENCE
          Or give the seats back:
            usher release \(id)

          """)
      #expect(try await cli.run(["extend", id]).out.hasPrefix("Held B1, B2 for 9:59\n"))
      let confirm = try await cli.run(["confirm", id, "--payment", "P-1"])
      #expect(confirm.out.hasPrefix("Confirmed B1, B2, 22.40 EUR"))
      #expect(confirm.out.hasSuffix("The hold had expired; the seats were still free.\n"))
      #expect(try await cli.run(["booking", id]).out.contains("State       confirmed\n"))
      let again = try await cli.run(["release", id])
      #expect(again.code == 1)
      #expect(again.err.contains("reason: BOOKING_STATE"))
      #expect(again.err.contains("next: usher booking \(id)"))
      let cancelled = try await cli.run(["cancel", id])
      #expect(cancelled.out.hasPrefix("Cancelled B1, B2"))
      #expect(cancelled.out.hasSuffix("Refund 22.40 EUR for B1, B2\n"))
      #expect(try await cli.run(["booking", "nothing"]).code == 5)
    }
  }

  @Test func aLostAnswerIsAskedForAgainUnderTheSameId() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock { $0.answersToLose = 2 }
      let run = try await cli.run(["hold", "7", "--best", "2", "-o", "json"])
      #expect(run.code == 0)
      #expect(peer.town.withLock { $0.holdCalls } == 3)
      #expect(peer.town.withLock { $0.bookings.count } == 1)
      #expect(run.err.contains("asking again"))
      let booking = try #require(try json(run.out)["booking"] as? [String: Any])
      #expect(booking["seats"] as? [String] == ["B4", "B5"])
      #expect(booking["state"] as? String == "BOOKING_STATE_HELD")
    }
  }

  @Test func aBookingIsExchanged() async throws {
    try await withPeer { _, cli in
      let id = "00000000-0000-7000-8000-000000000000"
      _ = try await cli.run(["hold", "7", "B1,B2"])
      _ = try await cli.run(["confirm", id, "--payment", "P-1"])
      let run = try await cli.run(["exchange", id, "7", "A1"])
      #expect(run.code == 0)
      #expect(run.out.hasPrefix("Confirmed A1"))
      #expect(
        run.out.hasSuffix(
          "Instead of booking \(id); difference -11.20 EUR\nRefund 11.20 EUR for B1\n"))
      #expect(try await cli.run(["exchange", id, "8", "A1"]).code == 5)
      #expect(try await cli.run(["exchange", id, "7"]).code == 64)
    }
  }

  @Test func aHoldIsExchangedAndSaysHowToGoOn() async throws {
    try await withPeer { _, cli in
      let old = "00000000-0000-7000-8000-000000000000"
      let new = "00000000-0000-7000-8000-000000000001"
      _ = try await cli.run(["hold", "7", "B1,B2"])
      let run = try await cli.run(["exchange", old, "7", "A1"])
      #expect(run.code == 0)
      #expect(run.out.hasPrefix("Held A1 for 4:00\nBooking \(new), show 7\n"))
      #expect(run.out.contains("  usher confirm \(new) --payment REFERENCE\n"))
      #expect(run.out.hasSuffix("Instead of booking \(old); difference -11.20 EUR\n"))
      #expect(try await cli.run(["confirm", old, "--payment", "P"]).code == 1)
    }
  }

  @Test func aRequestIsAskedForAndFenced() async throws {
    try await withPeer { _, cli in
      let (ran, unknown) = (UUID().uuidString, UUID().uuidString)
      _ = try await cli.run(["hold", "7", "A1", "--request-id", ran])
      let found = try await cli.run(["request", ran])
      #expect(found.out.hasPrefix("It ran and left this:\nHeld A1"))
      #expect(try await cli.run(["request", unknown]).code == 5)
      #expect(try await cli.run(["fence", ran]).out == found.out)
      #expect(try await cli.run(["fence", unknown]).out == "Fenced: it never runs.\n")
      #expect(try await cli.run(["fence", "x"]).code == 64)
    }
  }

  @Test func anAnswerThatNeverComesIsUncertain() async throws {
    try await withPeer { peer, cli in
      peer.town.withLock { $0.answersToLose = 1_000 }
      let id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
      let run = try await cli.run(["hold", "7", "A1", "--timeout", "2s", "--request-id", id])
      #expect(run.code == 75)
      #expect(run.err.contains("request id: \(id)"))
      #expect(run.err.contains("next: usher hold 7 A1 --request-id \(id)"))
    }
  }

  @Test func lostSeats() async throws {
    try await withPeer { _, cli in
      _ = try await cli.run(["hold", "7", "A1", "A2"])
      let run = try await cli.run([
        "hold", "7", "A2", "A3", "--server", cli.environment["USHER_SERVER"] ?? "",
      ])
      #expect(run.code == 3)
      #expect(run.out.isEmpty)
      #expect(run.err.contains("lost seat: A2\n"))
      #expect(run.err.contains("next: usher seats 7 --server "))
      let error = try await cli.run(["hold", "7", "A1", "A2", "-o", "json"])
      #expect(error.code == 3)
      let last = try #require(error.err.split(separator: "\n").last)
      let object = try #require(try json(String(last))["error"] as? [String: Any])
      #expect(object["seats"] as? [String] == ["A1", "A2"])
      #expect(try await cli.run(["hold", "7", "--best", "9"]).code == 3)
    }
  }

  @Test func failuresHaveTheirCodes() async throws {
    try await withPeer(["USHER_TOKEN": ""]) { _, cli in
      let auth = try await cli.run(["hold", "7", "A1"])
      #expect(auth.code == 4)
      #expect(auth.err.contains("--token-file FILE or USHER_TOKEN"))
      #expect(try await cli.run(["bench", "rush", "7"]).code == 4)
      #expect(try await cli.run(["seats", "8"]).code == 5)
      let tokenFile = cli.home + "/credentials.json"
      try #"{"partner_key":"\#(Peer.key)","admin_key":"x"}"#.write(
        toFile: tokenFile, atomically: true, encoding: .utf8)
      let unknown = try await cli.run(["hold", "7", "Z9", "--token-file", tokenFile])
      #expect(unknown.code == 64)
      #expect(unknown.err.contains("seats: there is no seat Z9"))
      let load = try await cli.run([
        "bench", "rush", "8", "--turns", "2", "--token-file", tokenFile,
      ])
      #expect(load.code == 5)
      #expect(load.out.contains("SHOW_NOT_FOUND") && load.err.contains("next: usher shows"))
      #expect(try await cli.run(["cities", "--server", "127.0.0.1:1"]).code == 75)
      #expect(try await cli.run(["cities", "--timeout", "1ms", "--limit", "0"]).code == 124)
      #expect(try await cli.run(["cities", "--token-file", "/nowhere"]).code == 64)
      let trust = try await cli.run(["cities", "--no-insecure", "--ca", tokenFile])
      #expect(trust.code == 64)
      #expect(trust.err.contains("cannot use the trusted certificates \(tokenFile)"))
    }
  }

  @Test(arguments: [
    ["hold", "7"], ["hold", "7", "A1", "--best", "2"], ["hold", "7", "--best", "11"],
    ["hold", "7", "--best", "0"], ["hold", "7", "A1", "A1"], ["hold", "x", "A1"],
    ["hold", "0", "A1"], ["hold", "7", "A1", "--tier", "GOLD"],
    ["hold", "7", "A1", "--request-id", "1"], ["confirm", "b"], ["confirm", "b", "--payment", ""],
    ["wait", "7"], ["wait", "7", "--seats", "0"], ["wait", "7", "--seats", "11"],
    ["wait", "0", "--seats", "1"], ["cities", "--json", "-o", "table"],
    ["cities", "--csv", "-o", "table"], ["cities", "--csv", "--json"],
    ["config", "set", "output", "csv"],
    ["bench", "rush"], ["bench", "rush", "0"], ["bench", "nonsense", "7"],
    ["bench", "rush", "7", "--turns", "0"], ["bench", "rush", "7", "--seats", "11"],
    ["bench", "rush", "7", "--seconds", "0"], ["bench", "rush", "7", "--seconds", "nan"],
    ["bench", "rush", "7", "--timeout", "5s"], ["bench", "mixed", "7", "0"],
    ["bench", "mixed", "--connections", "101"], ["bench", "watch", "7", "--watchers", "9000"],
    ["bench", "wait", "7", "--in-flight", "1001"], ["bench", "watch", "7", "--in-flight", "2"],
    ["watch", "7", "--once", "--changes", "1"], ["watch", "7", "--changes", "0"],
    ["shows", "--date", "2027-02-30"], ["movies", "--date", "never"], ["search"],
    ["theatres", "--near", "91,0"], ["theatres", "--near", "1"], ["theatres", "--within", "5"],
    ["theatres", "--near", "1,2", "--city", "1"], ["theatres", "--near", "1,2", "--within", "0"],
    ["cities", "--limit", "-1"], ["cities", "-o", "xml"], ["batch", "cancel", "-"],
    [
      "partner", "schedule", "upload", "2", "-", "--format", "csv", "--withdraw", "--whole-from",
      "2027-03-28T00:00:00+01:00", "--whole-until", "2027-03-29T00:00:00+01:00",
    ],
    ["cities", "--no-color", "--color", "always"], ["nonsense"], ["cities", "--token", "secret"],
    ["cities"], ["cities", "--server", "http://h:1"],
  ])
  func usage(_ arguments: [String]) async throws {
    let run = try await CommandLine().run(arguments)
    #expect(run.code == 64)
    #expect(!run.err.isEmpty)
    #expect(run.out.isEmpty)
    let json = try await CommandLine().run(arguments + ["-o", "json"])
    #expect(json.code == 64)
    let error = try #require(try self.json(json.err)["error"] as? [String: Any])
    #expect(error["exitCode"] as? Int == 64)
  }

  @Test func exitCodesAreDocumented() async throws {
    let cli = try CommandLine()
    let help = try await cli.run(["help", "exit-codes"]).out
    let list = try await cli.run(["exit-codes"]).out
    for code in [0, 1, 2, 3, 4, 5, 64, 75, 124, 130] {
      #expect(list.contains("  \(code)  "))
      #expect(help.contains("  \(code)  "))
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completion(_ shell: String) async throws {
    let run = try await CommandLine().run(["--generate-completion-script", shell])
    #expect(run.code == 0)
    #expect(run.out.contains("watch") && run.out.contains("token-file"))
  }
}
