// Messages of seat changes: read exactly, and never trusted.

import Testing

@testable import Booking
@testable import BookingStore

@Suite struct SeatChangeTests {
  private let message: [UInt8] = [
    0, 5, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2,
    0, 0, 0, 3, 0, 2, 0, 0, 1, 0, 0, 1,
  ]

  @Test func aMessageIsRead() {
    #expect(
      SeatChange(message: message)
        == SeatChange(
          lane: 5, showID: 258, version: 7,
          seats: [SeatStatus(number: 3, state: .held), SeatStatus(number: 256, state: .available)]))
  }

  @Test func aMessageIsWrittenAsItIsRead() throws {
    #expect(try #require(SeatChange(message: message)).message == message)
  }

  @Test func anythingElseIsRefused() {
    for count in message.indices { #expect(SeatChange(message: Array(message[..<count])) == nil) }
    #expect(SeatChange(message: message + [0]) == nil)
    for state in [UInt8(0), 5, 255] {
      var wrong = message
      wrong[27] = state
      #expect(SeatChange(message: wrong) == nil)
    }
    var negative = message
    negative[18] = 255
    #expect(SeatChange(message: negative) == nil)
  }
}
