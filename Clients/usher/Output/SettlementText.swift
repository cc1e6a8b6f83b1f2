// Settlement statements: lines and sums.

import UsherProtos

extension SalesText {
  /// Of a statement's lines; that it is final is said of each.
  static func settlement(isFinal: Bool) -> [Column<Usher.V1.SettlementLine>] {
    [
      .data("theatre_id") { "\($0.theatreId)" },
      .text("THEATRE", "theatre") { $0.theatreName },
      .data("partner_id") { "\($0.partnerId)" },
      .text("SELLER", "partner") { $0.partnerName },
      .data("currency") { $0.grossAmount?.currencyCode ?? "" },
      .number("SOLD", "sold") { $0.soldCount },
      .money("FOR", "gross") { $0.grossAmount },
      .number("RETURNED", "returned") { $0.returnedCount },
      .money("BACK", "refunded") { $0.refundedAmount },
      .money("CREDITED", "credited") { $0.creditedAmount },
      .money("NET", "net") { $0.netAmount },
      .data("final") { _ in "\(isFinal)" },
    ]
  }

  /// What the lines of each currency come to, by its code.
  static func sums(
    _ lines: [Usher.V1.SettlementLine]
  ) -> [Usher.V1.SettlementLine] {
    Dictionary(grouping: lines) { $0.grossAmount?.currencyCode ?? "" }
      .sorted { $0.key < $1.key }
      .map { currency, lines in
        func sum(_ part: (Usher.V1.SettlementLine) -> Usher.V1.Money?) -> Usher.V1.Money {
          let units = lines.reduce(Int64(0)) { $0 &+ (part($1)?.minorUnits ?? 0) }
          return Usher.V1.Money(currencyCode: currency, minorUnits: units)
        }
        return Usher.V1.SettlementLine(
          theatreName: "ALL", soldCount: lines.reduce(0) { $0 &+ $1.soldCount },
          grossAmount: sum(\.grossAmount),
          returnedCount: lines.reduce(0) { $0 &+ $1.returnedCount },
          refundedAmount: sum(\.refundedAmount), creditedAmount: sum(\.creditedAmount),
          netAmount: sum(\.netAmount))
      }
  }
}
