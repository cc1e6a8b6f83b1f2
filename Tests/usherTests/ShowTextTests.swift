// A show with its terms, as people read it.

import Testing
import UsherProtos

@testable import usher

@Suite struct ShowTextTests {
  private let plain = Style(colour: false, unicode: false)

  @Test func aShowHasItsFactsAndPrices() {
    let lines = ShowText.lines(.init(show: Peer.show), flags: " -x", plain, width: nil)
    #expect(
      lines == [
        "The Long Winter", "Show        7", "Kind        film", "Movie       3",
        "Theatre     Metropol, Berlin (2)", "Auditorium  Screen 3 (4)",
        "Starts      Sun 28 Mar 2027 19:30 Europe/Berlin (UTC+02:00)",
        "Ends        Sun 28 Mar 2027 21:22 Europe/Berlin (UTC+02:00)", "Format      2D",
        "Language    en", "Sales       on sale", "Seats       10", "",
        "TIER        PRICE", "GOLD    14.00 EUR", "STALLS   9.00 EUR", "",
        "  next: usher seats 7 -x",
      ])
  }

  @Test func aShowEndsOnItsTheatresDay() {
    var show = Peer.show
    show.utcOffsetMinutes = 330
    #expect(show.endText == "Mon 29 Mar 2027 00:52 Europe/Berlin (UTC+05:30)")
    show.endsAt = .init(seconds: .max)
    #expect(show.endText != nil)
    show.endsAt = nil
    #expect(show.endText == nil)
  }

  @Test func itsTermsAreTables() {
    let found = Usher.V1.GetShowResponse(
      show: Peer.show,
      offers: [.init(offerId: 5, title: "Matinee", discountBasisPoints: 2_000)],
      setAside: [
        .init(allocationId: 8, seats: ["A1", "A2"], yours: true),
        .init(allocationId: 9, tier: "GOLD", count: 30),
      ])
    let words = ShowText.lines(found, flags: "", plain, width: nil)
      .map { $0.split(separator: " ").joined(separator: " ") }
    #expect(words.contains("5 Matinee 20 % always everything 0 - -"))
    #expect(words.contains("8 you A1 A2 -") && words.contains("9 others 30 of GOLD -"))
  }

  @Test func whatAPeerSaysSteersNoTerminal() {
    var show = Peer.show
    show.title = "a\u{1b}[2J"
    let lines = ShowText.lines(.init(show: show), flags: "", plain, width: nil)
    #expect(!lines.joined().contains("\u{1b}"))
  }
}
