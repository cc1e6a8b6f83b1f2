// Terms of shows, as tables and words.

import ProtoWire
import UsherProtos

enum TermsTables {
  static func offers(_ offers: [Usher.V1.ManagedOffer], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "OFFER", mayShrink: true),
        .init(title: "OFF", toRight: true), .init(title: "WHEN", mayShrink: true),
        .init(title: "FOR", mayShrink: true), .init(title: "PRIORITY", toRight: true),
        .init(title: "FROM"), .init(title: "UNTIL"),
      ], style)
    for managed in offers {
      let offer = managed.offer ?? .init()
      table.add([
        "\(offer.offerId)", offer.title, discount(offer), condition(offer), target(managed),
        "\(offer.priority)" + (offer.exclusive ? ", exclusive" : ""),
        OperatorTables.time(offer.validFrom),
        managed.ended ? "ended" : OperatorTables.time(offer.validUntil),
      ])
    }
    return table
  }

  static func blocks(_ blocks: [Usher.V1.BlockedSeats], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "SINCE"), .init(title: "SEATS", mayShrink: true),
        .init(title: "REASON", mayShrink: true),
      ], style)
    for block in blocks {
      table.add([
        OperatorTables.time(block.blockedAt), block.seats.joined(separator: " "), block.reason,
      ])
    }
    return table
  }

  static func allocations(
    _ allocations: [Usher.V1.ManagedAllocation], _ style: Style
  ) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "PARTNER", toRight: true),
        .init(title: "SEATS", mayShrink: true), .init(title: "UNTIL"),
      ], style)
    for managed in allocations {
      let share = managed.setAside ?? .init()
      table.add([
        "\(share.allocationId)", "\(managed.partnerId)",
        share.seats.isEmpty
          ? "\(share.count) of \(share.tier)" : share.seats.joined(separator: " "),
        managed.returned ? "returned" : OperatorTables.time(share.returnsAt),
      ])
    }
    return table
  }

  static func shows(_ count: some BinaryInteger) -> String {
    count == 1 ? "1 show" : "\(count) shows"
  }

  private static func discount(_ offer: Usher.V1.Offer) -> String {
    guard let amount = offer.discountAmount else {
      let (whole, rest) = offer.discountBasisPoints.quotientAndRemainder(dividingBy: 100)
      return "\(whole)" + (rest == 0 ? "" : ".\(rest / 10)\(rest % 10)") + " %"
    }
    return amount.text
  }

  private static func condition(_ offer: Usher.V1.Offer) -> String {
    var words: [String] = []
    switch offer.condition {
    case .timeWindow(let window):
      words.append("starts \(clock(window.firstMinute))-\(clock(window.lastMinute))")
    case .nthTicket(let ticket): words.append("ticket \(ticket.position)")
    case nil: break
    }
    let days = offer.weekdays.map {
      ($0.protoValueName ?? "").replacing("WEEKDAY_", with: "").prefix(3).lowercased()
    }
    words += days.isEmpty ? [] : [days.joined(separator: ",")]
    return words.isEmpty ? "always" : words.joined(separator: " ")
  }

  private static func clock(_ minute: Int32) -> String {
    let (hours, minutes) = minute.quotientAndRemainder(dividingBy: 60)
    return "\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
  }

  private static func target(_ managed: Usher.V1.ManagedOffer) -> String {
    let (place, offer) = (managed.place ?? .init(), managed.offer ?? .init())
    let ids: [(String, Int64)] = [
      ("theatre", place.theatreId), ("auditorium", place.auditoriumId), ("show", place.showId),
      ("movie", place.movieId), ("partner", offer.partnerId),
    ]
    var words = ids.filter { $0.1 != 0 }.map { "\($0.0) \($0.1)" }
    if !offer.tier.isEmpty { words.append(offer.tier) }
    words += offer.seats
    return words.isEmpty ? "everything" : words.joined(separator: " ")
  }
}
