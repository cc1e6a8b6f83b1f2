// What partners keep, as tables and lines.

import ProtoWire
import UsherProtos

enum PartnerTables {
  static let theatres: [Column<Usher.V1.OwnTheatre>] = [
    .number("ID", "theatre_id") { $0.theatreId },
    .text("THEATRE", "name") { $0.name },
    .text("CITY", "city") { $0.city?.name ?? "" },
    .text("TIME ZONE", "time_zone") { $0.timeZone },
    .number("SCREENS", "screens") { $0.screenCount },
    .link("PARTNER", "partner_id") { $0.partnerId },
  ]

  static func lines(_ theatre: Usher.V1.OwnTheatre, _ style: Style) -> [String] {
    let policies = theatre.policies ?? .init()
    let basis = policies.refundBasisPoints ?? 0
    let percent = "\(basis / 100)" + (basis % 100 == 0 ? "" : ".\(basis % 100 / 10)\(basis % 10)")
    let rule = (policies.orphanRule.protoValueName ?? "").replacing("ORPHAN_RULE_", with: "")
    let street = [theatre.address, theatre.postalCode, theatre.city?.name ?? ""]
    return [
      "Theatre \(theatre.theatreId), \(theatre.name)",
      "  \(street.filter { !$0.isEmpty }.joined(separator: ", ")), \(theatre.timeZone)",
      "  holds \(policies.holdMinutes ?? 0) minutes, a customer has at most "
        + "\(policies.seatsPerCustomer ?? 0) seats of a show, single seats: \(rule.lowercased())",
      "  gives back \(percent) % until \(policies.refundMinutesBefore ?? 0) minutes before a show",
    ].map(style.clean)
  }

  static let auditoriums: [Column<Usher.V1.Auditorium>] = [
    .number("ID", "auditorium_id") { $0.auditoriumId },
    .text("AUDITORIUM", "name") { $0.name },
    .seen("LAYOUT", toRight: true) {
      $0.layoutVersion == 0 ? "none" : "\($0.layoutVersion)"
    },
    .data("layout_version") { CSVText.id(Int64($0.layoutVersion)) },
    .number("SEATS", "seats") { $0.seatCount },
  ]

  static let versions: [Column<Usher.V1.LayoutVersion>] = [
    .number("VERSION", "layout_version") { $0.layoutVersion },
    .time("IMPORTED", "imported_at") { $0.createdAt },
    .number("SEATS", "seats") { $0.seatCount },
    .number("SHOWS TO COME", "shows_to_come") { $0.showsToCome },
  ]

  /// What an import changed, or would.
  static func lines(
    _ answer: Usher.V1.ImportLayoutResponse, isDryRun: Bool, _ style: Style
  ) -> [String] {
    let diff = answer.diff ?? .init()
    let changes = [
      ("added", diff.added), ("removed", diff.removed), ("moved", diff.moved),
      ("in another tier", diff.retiered), ("with other attributes", diff.altered),
    ].filter { !$0.1.isEmpty }
    guard !changes.isEmpty || diff.gridChanged else {
      return ["Nothing changes: this is version \(answer.layoutVersion)."]
    }
    let verb = isDryRun ? "would be" : "is"
    var lines = ["Version \(answer.layoutVersion) \(verb) made, with \(answer.seatCount) seats."]
    for (what, labels) in changes {
      let shown = labels.prefix(Limits.labelsShown).joined(separator: ", ")
      let more = labels.count - Limits.labelsShown
      lines.append("  \(labels.count) \(what): \(shown)" + (more > 0 ? " and \(more) more" : ""))
    }
    if diff.gridChanged { lines.append("  the grid, or the point of the best view, is another") }
    if answer.showsKeepingEarlier > 0 {
      lines.append("  \(answer.showsKeepingEarlier) shows to come keep the seats they have")
    }
    return lines.map(style.clean)
  }

  /// A layout as a map on which every seat is free, and how many seats each tier has.
  static func drawing(
    _ layout: Usher.V1.AuditoriumLayout, _ style: Style, width: Int?
  ) -> [String] {
    var seats = layout.seats
    for index in seats.indices { seats[index].state = .available }
    let map = SeatMap(version: Int64(layout.layoutVersion), seats: seats)
    let drawing = SeatMapDrawing(map, show: nil, style: style)
    let tiers = Dictionary(grouping: seats, by: \.tier).sorted { $0.key < $1.key }
    return [
      "Auditorium \(layout.auditoriumId), layout version \(layout.layoutVersion), "
        + "\(seats.count) seats", "",
    ] + drawing.body(width: width) + [""]
      + tiers.map { "\(style.clean($0.key)): \($0.value.count) seats" }
  }
}
