// The texts of requests: ids, days, seats and tiers, page tokens. And what a database says: its
// replication stream, seat changes, stored quotes.

import Booking
import BookingStore
import Postgres

enum BookingFuzz {
  /// The first byte chooses the reader.
  static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = Array(input.dropFirst())
    let text = String(decoding: bytes, as: UTF8.self)
    switch first % 6 {
    case 0: ids(text)
    case 1: day(text)
    case 2: pageToken(text)
    case 3: seats(text)
    case 4: quote(text)
    default: changeStream(bytes)
    }
  }

  private static func ids(_ text: String) {
    if let id = UniqueID(text) {
      precondition(id.description == text.lowercased())
      precondition(id.bytes.count == 16)
    }
    if let id = BookingID(text) { precondition((0..<64).contains(id.lane)) }
    if let position = LogSequenceNumber(text) {
      precondition(LogSequenceNumber(position.description) == position)
    }
  }

  private static func day(_ text: String) {
    guard let day = CalendarDate(text) else { return }
    precondition(day.description == text)
    // 0001-01-01 to 9999-12-31
    precondition((-719_162...2_932_896).contains(day.daysSince1970))
  }

  private static func pageToken(_ text: String) {
    let filter = RequestHash(command: "list")
    if let token = try? PageToken(text, boundTo: filter) {
      precondition(text.isEmpty || token.text(boundTo: filter) == text)
    }
    let made = PageToken(key: text.filter { $0 != "\0" }, id: -1).text(boundTo: filter)
    if let again = try? PageToken(made, boundTo: filter) { precondition(again.id == -1) }
  }

  private static func quote(_ text: String) {
    guard let currency = try? Currency("EUR"),
      let quote = try? Quote(text: text, currency: currency)
    else { return }
    guard let again = try? Quote(text: quote.text, currency: currency) else {
      preconditionFailure("what was written cannot be read")
    }
    precondition(again.text == quote.text)
  }

  private static func changeStream(_ bytes: [UInt8]) {
    _ = try? ReplicationFrame(bytes)
    guard let change = SeatChange(message: bytes) else { return }
    precondition(change.seats.count == (bytes.count - 22) / 6)
  }

  // MARK: Seats

  private static let house: (layout: SeatLayout, prices: PriceList) = {
    let seats = (0..<24).map { index -> LayoutSeat in
      let (row, place) = index.quotientAndRemainder(dividingBy: 8)
      let letter = ["A", "B", "C"][row]
      return LayoutSeat(
        number: Int32(index), label: "\(letter)\(place + 1)", row: letter, x: Int32(place),
        y: Int32(row), tier: row == 0 ? "front" : "back")
    }
    do throws(BookingError) {
      let layout = try SeatLayout(
        columns: 8, lines: 3, focalPoint: FocalPoint(xHundredths: 400, yHundredths: 100),
        seats: seats)
      let offers = [
        Offer(
          id: 1, title: "early", discount: .share(basisPoints: 1_500),
          condition: .timeWindow(0...900)),
        Offer(
          id: 2, title: "third", discount: .share(basisPoints: 5_000), condition: .nthTicket(3),
          target: .init(partnerID: 7, tier: "back")),
        Offer(
          id: 3, title: "corner", discount: .amount(Money(2_000, try Currency("EUR"))),
          condition: .everySeat, target: .init(seats: [0, 7]), priority: 1, isExclusive: true),
      ]
      let prices = PriceList(
        currency: try Currency("EUR"), tierPrices: ["front": 999, "back": 1_250], offers: offers,
        start: LocalStart(minute: 600, weekday: []), version: 1)
      return (layout, prices)
    } catch {
      preconditionFailure("no house: \(error)")
    }
  }()

  /// Labels separated by commas.
  private static func seats(_ text: String) {
    let labels = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if let seats = try? house.layout.resolve(labels: labels) {
      precondition(seats.map(\.label) == labels)
      _ = house.layout.areAdjacent(seats)
      var moment = Moment(0)
      guard let priced = try? house.prices.quote(seats: seats, partnerID: 7, &moment) else {
        preconditionFailure("seats without a price")
      }
      precondition(Set(priced.seats.map(\.number)) == Set(seats.map(\.number)))
      precondition(
        priced.quote.lines.reduce(0) { $0 + $1.minorUnits } == priced.quote.total.minorUnits)
    }
  }
}
