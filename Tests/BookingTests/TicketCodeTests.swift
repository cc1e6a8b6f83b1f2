// Codes of tickets: what is printed, and what is read of what people type.

import Booking
import Testing

struct TicketCodeTests {
  private func booking(lane: Int16, low: UInt64) -> BookingID {
    BookingID(lane: lane, unixMilliseconds: 1_800_000_000_000, random: (7, low))
  }

  @Test("A code has the lane and the last 44 random bits", arguments: [0, 1, 31, 63] as [Int16])
  func aCodeHasTheLaneAndTheLastBits(lane: Int16) {
    let code = TicketCode(booking(lane: lane, low: 0x1234_5FED_CBA9_8765))
    #expect(code.lane == lane)
    #expect(code.number == 0xFED_CBA9_8765)
  }

  @Test("The printed form is fixed")
  func thePrintedFormIsFixed() {
    #expect(TicketCode(booking(lane: 0, low: 0)).description == "TKT-0000000000")
    #expect(TicketCode(booking(lane: 63, low: .max)).description == "TKT-ZZZZZZZZZZ")
    #expect(TicketCode(booking(lane: 1, low: 1)).description == "TKT-0G00000001")
  }

  @Test("What is printed is read again, however it is typed")
  func whatIsPrintedIsReadAgain() {
    var bits: UInt64 = 0x9E37_79B9_7F4A_7C15
    for lane in Int16(0)..<64 {
      bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let code = TicketCode(booking(lane: lane, low: bits))
      let printed = code.description
      let digits = printed.dropFirst(4)
      #expect(TicketCode(printed) == code)
      #expect(TicketCode(printed.lowercased()) == code)
      #expect(TicketCode(String(digits)) == code)
      #expect(TicketCode("tkt \(digits.prefix(5))-\(digits.suffix(5))") == code)
      let misread = printed.dropFirst(4).map { $0 == "0" ? "o" : $0 == "1" ? "l" : $0 }
      #expect(TicketCode(String(misread)) == code)
    }
  }

  @Test(
    "What is no code is not read",
    arguments: [
      "", "TKT", "TKT-", "TKT-000000000", "TKT-00000000000", "TKT-000000000U", "TKT-00000é0000",
      "XKT-0000000000", "TKTTKT00000000", "TKT-0000000000\u{0}", String(repeating: "-", count: 65),
      String(repeating: "0", count: 1000),
    ])
  func whatIsNoCodeIsNotRead(text: String) {
    #expect(TicketCode(text) == nil)
  }
}
