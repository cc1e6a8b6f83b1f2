// A show and its terms as people read them.

import ProtoWire
import UsherProtos

enum ShowText {
  static func lines(
    _ found: Usher.V1.GetShowResponse, flags: String, _ style: Style, width: Int?
  ) -> [String] {
    let show = found.show ?? .init()
    let facts = facts(show).filter { !$0.1.isEmpty }
      .map { TextWidth.pad($0.0, 12) + style.clean($0.1) }
    var tables: [Table] = []
    if !show.prices.isEmpty { tables.append(Column.table(prices, of: show.prices, style)) }
    if !found.offers.isEmpty {
      let offers = found.offers.map { Usher.V1.ManagedOffer(offer: $0) }
      tables.append(Column.table(TermsTables.offers, of: offers, style))
    }
    if !found.setAside.isEmpty {
      tables.append(Column.table(TermsTables.setAside, of: found.setAside, style))
    }
    return [style.paint(style.clean(show.title), .strong)] + facts
      + tables.flatMap { [""] + $0.lines(width: width) }
      + ["", "  next: usher seats \(show.showId)\(flags)"]
  }

  private static func facts(_ show: Usher.V1.Show) -> [(String, String)] {
    [
      ("Show", "\(show.showId)"), ("Kind", kind(show.kind)),
      ("Movie", CSVText.id(show.movieId)),
      ("Theatre", "\(show.theatreName), \(show.cityName) (\(show.theatreId))"),
      ("Auditorium", "\(show.auditoriumName) (\(show.auditoriumId))"),
      ("Starts", show.startText), ("Ends", show.endText ?? ""),
      ("Format", show.format), ("Language", show.language),
      ("Sales", CatalogTables.sales(show.salesState)), ("Seats", "\(show.seatCount)"),
    ]
  }

  private static func kind(_ kind: Usher.V1.ShowKind) -> String {
    (kind.protoValueName ?? "").replacing("SHOW_KIND_", with: "").lowercased()
  }

  private static let prices: [Column<Usher.V1.TierPrice>] = [
    .text("TIER", "tier") { $0.tier },
    .money("PRICE", "price") { $0.price },
  ]
}
