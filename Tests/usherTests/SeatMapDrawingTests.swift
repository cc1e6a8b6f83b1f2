// Seat maps, exactly as they are printed.

import ProtoWire
import Testing
import UsherProtos

@testable import usher

private typealias Seat = Usher.V1.Seat

/// Seats from a sketch: a line per row, a letter per place, a space for a gap. Upper-case letters
/// of `tiers` name the row's tier.
private func seats(
  _ sketch: [String], rows: [String], tiers: [String], numbered: (Int, Int) -> String
) -> [Seat] {
  var seats: [Seat] = []
  for (y, line) in sketch.enumerated() {
    var place = 0
    for (x, glyph) in line.enumerated() where glyph != " " {
      place += 1
      var seat = Seat(
        seatNumber: Int32(seats.count + 1), label: rows[y] + numbered(place, x), row: rows[y],
        x: Int32(x), y: Int32(y), tier: tiers[y])
      switch glyph {
      case "o": seat.state = .held
      case "#": seat.state = .sold
      case "x": seat.state = .blocked
      default: seat.state = .available
      }
      if glyph == "w" { seat.attributes = [.wheelchair] }
      if glyph == "c" { seat.attributes = [.companion, .aisle] }
      seats.append(seat)
    }
  }
  return seats
}

private let plain = Style(colour: false, unicode: false)
private let unicode = Style(colour: false, unicode: true)

/// Rows numbered from one each, of different lengths, with a cross aisle.
private let fan = SeatMap(
  version: 42,
  seats: seats(
    ["  .... ", " ..o..#", "", "wc ..x."], rows: ["A", "B", "", "C"],
    tiers: ["STALLS", "STALLS", "", "GOLD"]
  ) { place, _ in "\(place)" })

/// The same number in the same column everywhere.
private let block = SeatMap(
  version: 3,
  seats: seats(
    ["..... .....#", "..... ..o..."], rows: ["A", "B"], tiers: ["ONE", "ONE"]
  ) { _, x in "\(x + 1)" })

@Suite struct SeatMapDrawingTests {
  @Test func numbersMayBeWiderThanASeat() {
    let wide = SeatMap(
      version: 1,
      seats: seats(["..", ".."], rows: ["A", "B"], tiers: ["ONE", "ONE"]) { _, x in
        x == 0 ? "東" : "2"
      })
    #expect(
      SeatMapDrawing(wide, show: nil, style: unicode).body(width: nil) == [
        "      SCR", "A 東  . .  2  A", "B 東  . .  2  B",
      ])
    let sharp = SeatMap(
      version: 1,
      seats: seats([".."], rows: ["A"], tiers: ["ONE"]) { _, x in x == 0 ? "9" : "ß" })
    #expect(
      SeatMapDrawing(sharp, show: nil, style: plain).body(width: nil) == [
        "   SCR", "     s", "   9 s", "A  . .  A",
      ])
  }

  @Test func stillInASCII() {
    let drawing = SeatMapDrawing(fan, show: Peer.show, style: plain)
    #expect(
      drawing.lines(width: nil) == [
        "The Long Winter - 2D - en", "Metropol, Berlin - Screen 3",
        "Sun 28 Mar 2027 19:30 Europe/Berlin (UTC+02:00)",
        "Show 7 - on sale - map version 42", "",
        "     == SCREEN ===",
        "A 1      . . . .    4 A",
        "B 1    . . o . . #  6 B",
        "",
        "C 1  w c   . . x .  6 C", "",
        ". free   o held   # sold   x blocked   w wheelchair place, free   c companion seat, free",
        "GOLD    14.00 EUR  5 of 6 free, row C", "STALLS   9.00 EUR  8 of 10 free, rows A-B",
        "16 seats: 13 free, 1 held, 1 sold, 1 blocked",
      ])
  }

  @Test func rulerWhereColumnsAgree() {
    let drawing = SeatMapDrawing(block, show: nil, style: unicode)
    #expect(
      drawing.body(width: nil) == [
        "   ━━━━━━━ SCREEN ━━━━━━━━",
        "                     1 1 1",
        "   1 2 3 4 5   7 8 9 0 1 2",
        "A  . . . . .   . . . . . #  A", "B  . . . . .   . . o . . .  B",
      ])
  }

  @Test func denseWhereItWouldNotFit() {
    let drawing = SeatMapDrawing(block, show: nil, style: plain)
    #expect(
      drawing.body(width: 20) == [
        "   == SCREEN ==", "            111", "   12345 789012",
        "A  ..... .....#  A", "B  ..... ..o...  B",
      ])
  }

  @Test func piecesWhereEvenThatWouldNotFit() {
    let drawing = SeatMapDrawing(block, show: nil, style: plain)
    #expect(
      drawing.body(width: 16) == [
        "columns 1-10 of.", "   = SCREEN =", "            1", "   12345 7890",
        "A  ..... ....  A", "B  ..... ..o.  B", "",
        "columns 11-12 o.", "   SC", "   11", "   12", "A  .#  A", "B  ..  B",
      ])
  }

  @Test func noPieceIsWiderThanTheTerminal() {
    let drawing = SeatMapDrawing(block, show: nil, style: plain)
    for width in 16...60 {
      #expect(drawing.body(width: width).allSatisfy { $0.count <= width }, "width \(width)")
    }
  }

  @Test func aStageForWhatIsNoFilm() {
    var play = Peer.show
    play.kind = .play
    let drawing = SeatMapDrawing(block, show: play, style: plain)
    #expect(drawing.body(width: nil)[0] == "   ======== STAGE ========")
  }

  @Test func colourRepeatsTheTierAndNeverStandsAlone() {
    let coloured = SeatMapDrawing(fan, show: Peer.show, style: Style(colour: true, unicode: false))
    let bare = SeatMapDrawing(fan, show: Peer.show, style: plain)
    let body = coloured.body(width: nil)
    #expect(
      body[1] == "\u{1b}[2mA 1\u{1b}[0m      \u{1b}[36m. . . .  \u{1b}[0m  \u{1b}[2m4 A\u{1b}[0m")
    #expect(coloured.lines(width: nil).map(withoutEscapes) == bare.lines(width: nil))
  }

  @Test func placesOutsideAnyGridAreCountedNotDrawn() {
    var strange = block.seats
    strange[0].x = .max
    strange[1].y = -1
    let drawing = SeatMapDrawing(
      SeatMap(version: 1, seats: strange), show: nil, style: plain)
    #expect(drawing.body(width: nil).last == "(2 seats have no place that can be drawn)")
    #expect(drawing.body(width: nil).count == 6)
  }

  @Test func whatIsSetAsideIsMarkedAndNotFree() {
    let until = Google.Protobuf.Timestamp(seconds: 1_800_000_000, nanos: 0)
    let terms = Usher.V1.GetShowResponse(
      show: Peer.show,
      setAside: [
        // One seat of it is sold already.
        .init(allocationId: 1, seats: ["A1", "A2", "A11"], returnsAt: until),
        .init(allocationId: 2, seats: ["B12"], returnsAt: until, yours: true),
        .init(allocationId: 3, tier: "ONE", count: 4, returnsAt: until),
      ])
    let sold = SeatMap(
      version: 1,
      seats: block.seats.map { seat in
        var seat = seat
        if seat.label == "A11" { seat.state = .sold }
        return seat
      })
    let drawing = SeatMapDrawing(sold, of: terms, style: plain)
    #expect(
      drawing.body(width: 20).suffix(2) == ["A  aa... ....##  A", "B  ..... ..o..y  B"])
    #expect(
      drawing.legend(width: nil) == [
        ". free   o held   # sold   y set aside for you, free   a set aside for others",
        "ONE      no price  17 of 22 free, rows A-B",
        "set aside for others until 2027-01-15 08:00Z: 3 seats",
        "set aside for you until 2027-01-15 08:00Z: 1 seat",
        "set aside for others until 2027-01-15 08:00Z: 4 of ONE",
      ])
    #expect(drawing.map.countsText == "22 seats: 17 free, 1 held, 2 sold, 2 set aside")
    #expect(drawing.freeSeats[0] == "A3 A4 A5   A7 A8 A9 A10")
    var frame = LiveFrame(terms, style: plain)
    frame.take(.init(event: .bookmark(.init(version: 1))), sold, at: "19:30:00")
    #expect(frame.lines(columns: 80, lines: 40).contains(drawing.map.countsText))
  }

  @Test func seatsForPrograms() {
    let terms = Usher.V1.GetShowResponse(
      show: Peer.show,
      setAside: [.init(allocationId: 1, seats: ["C1"]), .init(seats: ["C3"], yours: true)])
    let columns = SeatsText.seats(terms)
    let lines = (CSVText.heading(columns) + CSVText.lines(columns, of: fan.seats))
      .split(separator: "\n")
    #expect(lines[0] == "seat,row,x,y,tier,attributes,state,set_aside,price,currency")
    #expect(lines.contains("A1,A,2,0,STALLS,,free,,9.00,EUR"))
    #expect(lines.contains("C1,C,0,3,GOLD,wheelchair,free,others,14.00,EUR"))
    #expect(lines.contains("C2,C,1,3,GOLD,companion;aisle,free,,14.00,EUR"))
    #expect(lines.contains("C3,C,3,3,GOLD,,free,yours,14.00,EUR"))
    let map = Usher.V1.GetSeatMapResponse(showId: 7, version: 3)
    #expect(SeatsText.json(map, []) == map.jsonBytes())
    #expect(
      String(decoding: SeatsText.json(map, [.init(allocationId: 1, seats: ["C1"])]), as: UTF8.self)
        == #"{"showId":"7","version":"3","setAside":[{"allocationId":"1","seats":["C1"]}]}"#)
    #expect(
      String(decoding: SeatsText.json(.init(), [.init(yours: true)]), as: UTF8.self)
        == #"{"setAside":[{"yours":true}]}"#)
  }

  @Test func aMapWithoutSeats() {
    let drawing = SeatMapDrawing(SeatMap(version: 1, seats: []), show: nil, style: plain)
    #expect(drawing.body(width: 80) == ["(no seats)"])
  }

  @Test func freeSeatsByRow() {
    let drawing = SeatMapDrawing(fan, show: nil, style: plain)
    #expect(drawing.freeSeats == ["A1 A2 A3 A4", "B1 B2   B4 B5", "C1 C2   C3 C4   C6"])
  }

  @Test func escapesInLabelsDoNotReachTheTerminal() {
    var evil = block.seats
    for index in evil.indices { evil[index].row = "\u{1b}[2J" }
    let drawing = SeatMapDrawing(SeatMap(version: 1, seats: evil), show: nil, style: unicode)
    #expect(drawing.lines(width: nil).allSatisfy { !$0.contains("\u{1b}") })
  }

  private func withoutEscapes(_ text: String) -> String {
    text.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
  }
}

@Suite struct SeatMapTests {
  private func change(_ version: Int64, after: Int64, _ seat: Int32) -> Usher.V1.SeatMapChange {
    .init(
      version: version, previousVersion: after,
      seats: [.init(label: "A1", state: .sold, seatNumber: seat)])
  }

  @Test func changesApplyInOrderOnce() {
    var map = block
    #expect(map.apply(change(4, after: 3, 1)) == .applied)
    #expect(map.version == 4)
    #expect(map.seats[0].state == .sold)
    #expect(map.apply(change(4, after: 3, 2)) == .old)
    #expect(map.seats[1].state == .available)
    #expect(map.apply(change(7, after: 5, 2)) == .gap)
    #expect(map.version == 4)
  }

  @Test func mergedChangesMayReachBack() {
    var map = block
    #expect(map.apply(change(9, after: 2, 1)) == .applied)
    #expect(map.version == 9)
  }

  @Test func changesOfUnknownSeatsOnlyMoveTheVersion() {
    var map = block
    #expect(map.apply(change(4, after: 3, 9_999)) == .applied)
    #expect(map.version == 4)
    #expect(map.seats == block.seats)
  }
}

@Suite struct LiveFrameTests {
  private func frame() -> LiveFrame {
    var frame = LiveFrame(.init(show: Peer.show), style: plain)
    for version in Int64(43)...49 {
      let change = Usher.V1.SeatMapChange(
        version: version, previousVersion: version - 1,
        seats: [.init(label: "A\(version - 42)", state: .held, seatNumber: 1)])
      frame.take(.init(event: .change(change)), fan, at: "19:30:0\(version - 42)")
    }
    return frame
  }

  @Test func lastFiveChangesNewestFirst() {
    var frame = frame()
    let lines = frame.lines(columns: 80, lines: 30)
    #expect(
      lines[16...21] == [
        "", "19:30:07  v49  held A7", "19:30:06  v48  held A6", "19:30:05  v47  held A5",
        "19:30:04  v46  held A4", "19:30:03  v45  held A3",
      ])
    #expect(lines.count == 30)
    #expect(lines.last == "live - last event 19:30:07 - q ends, arrows move")
  }

  @Test(arguments: [5, 8, 12, 23, 24, 40])
  func neverTallerThanTheTerminal(_ height: Int) {
    var frame = frame()
    for _ in 0..<50 {
      frame.scroll(columns: 8, lines: 1)
      #expect(frame.lines(columns: 30, lines: height).count <= height)
    }
  }

  @Test func troubleStandsInTheLastLine() {
    var frame = frame()
    frame.trouble = "not live: gone"
    #expect(frame.lines(columns: 80, lines: 30).last == "not live: gone")
  }
}
