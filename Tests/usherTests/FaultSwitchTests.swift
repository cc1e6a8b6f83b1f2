// Switches of a sandbox in words.

import ArgumentParser
import Testing
import UsherProtos

@testable import usher

@Suite struct FaultSwitchTests {
  @Test func oneIsWrittenInTheWordsOfTheCommand() throws {
    let hold = try FaultSwitch(
      words: "booking.HoldSeats  --refuse --code resource-exhausted --times 2 --for 1m")
    #expect(
      hold.fault
        == .init(
          method: "usher.v1.BookingService/HoldSeats", kind: .refuse, code: .resourceExhausted,
          times: 2, lasts: .init(seconds: 60)))
    #expect(
      try FaultSwitch(words: "--delay 200ms").fault
        == .init(kind: .delay, delay: .init(nanos: 200_000_000)))
    #expect(
      try FaultSwitch(words: "seatMap.WatchSeatMap --cut-after 3").fault
        == .init(
          method: "usher.v1.SeatMapService/WatchSeatMap", kind: .cutStream, afterMessages: 3))
  }

  @Test(arguments: [
    "", "booking.HoldSeats", "--refuse --lose-answer", "nothing --refuse", "--refuse --clear",
    "--delay 1s --code aborted", "--refuse --also --refuse", "--refuse --code ok",
  ])
  func whatIsNoneIsRefused(_ words: String) {
    #expect(throws: ValidationError.self) { try FaultSwitch(words: words) }
  }
}
