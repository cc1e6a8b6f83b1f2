// Terms of shows, as tables and words.

import ProtoWire
import UsherProtos

enum TermsTables {
  static let offers: [Column<Usher.V1.ManagedOffer>] = [
    .number("ID", "offer_id") { $0.offer?.offerId ?? 0 },
    .text("OFFER", "title") { $0.offer?.title ?? "" },
    .seen("OFF", toRight: true) { discount($0.offer ?? .init()) },
    .data("percent") { $0.offer?.discountAmount == nil ? percent($0.offer ?? .init()) : "" },
    .data("amount") { $0.offer?.discountAmount?.number ?? "" },
    .data("currency") { $0.offer?.discountAmount?.currencyCode ?? "" },
    .text("WHEN", "condition") { condition($0.offer ?? .init()) },
    .text("FOR", "target") { target($0) },
    .seen("PRIORITY", toRight: true) {
      "\($0.offer?.priority ?? 0)" + ($0.offer?.exclusive == true ? ", exclusive" : "")
    },
    .data("priority") { "\($0.offer?.priority ?? 0)" },
    .data("exclusive") { "\($0.offer?.exclusive ?? false)" },
    .time("FROM", "valid_from") { $0.offer?.validFrom },
    .seen("UNTIL") { $0.ended ? "ended" : OperatorTables.time($0.offer?.validUntil) },
    .data("valid_until") { CSVText.time($0.offer?.validUntil) },
    .data("ended") { "\($0.ended)" },
  ]

  static let blocks: [Column<Usher.V1.BlockedSeats>] = [
    .time("SINCE", "blocked_at") { $0.blockedAt },
    .words("SEATS", "seats", between: " ") { $0.seats },
    .text("REASON", "reason") { $0.reason },
  ]

  static let allocations: [Column<Usher.V1.ManagedAllocation>] = [
    .number("ID", "allocation_id") { $0.setAside?.allocationId ?? 0 },
    .number("PARTNER", "partner_id") { $0.partnerId },
    .seen("SEATS", mayShrink: true) { seats($0.setAside ?? .init()) },
    .data("seats") { ($0.setAside?.seats ?? []).joined(separator: ";") },
    .data("tier") { $0.setAside?.tier ?? "" },
    .data("count") { CSVText.id(Int64($0.setAside?.count ?? 0)) },
    .seen("UNTIL") { $0.returned ? "returned" : OperatorTables.time($0.setAside?.returnsAt) },
    .data("returns_at") { CSVText.time($0.setAside?.returnsAt) },
    .data("returned") { "\($0.returned)" },
  ]

  static let setAside: [Column<Usher.V1.SetAside>] = [
    .number("ID", "allocation_id") { $0.allocationId },
    .seen("SET ASIDE FOR") { $0.yours ? "you" : "others" },
    .seen("SEATS", mayShrink: true) { seats($0) },
    .seen("UNTIL") { OperatorTables.time($0.returnsAt) },
  ]

  private static func seats(_ share: Usher.V1.SetAside) -> String {
    share.seats.isEmpty ? "\(share.count) of \(share.tier)" : share.seats.joined(separator: " ")
  }

  static func shows(_ count: some BinaryInteger) -> String {
    count == 1 ? "1 show" : "\(count) shows"
  }

  private static func discount(_ offer: Usher.V1.Offer) -> String {
    offer.discountAmount?.text ?? "\(percent(offer)) %"
  }

  private static func percent(_ offer: Usher.V1.Offer) -> String {
    let (whole, rest) = offer.discountBasisPoints.quotientAndRemainder(dividingBy: 100)
    return "\(whole)" + (rest == 0 ? "" : ".\(rest / 10)\(rest % 10)")
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
