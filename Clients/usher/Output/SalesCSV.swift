// Figures about sales for spreadsheets and programs.

import UsherProtos

enum SalesCSV {
  static func figures(_ figures: [Usher.V1.SalesFigures], _ style: Style) -> CSVText {
    var text = CSVText(
      [
        "day", "id", "name", "currency", "shows", "seats", "bookings", "sold_seats", "sold_amount",
        "cancelled_seats", "refunded_amount",
      ], style)
    for row in figures {
      text.add([
        row.day, row.day.isEmpty ? "\(row.id)" : "", row.name, row.soldAmount?.currencyCode ?? "",
        "\(row.showCount)", "\(row.seatCount)", "\(row.bookingCount)", "\(row.soldSeatCount)",
        row.soldAmount?.number ?? "", "\(row.cancelledSeatCount)",
        row.refundedAmount?.number ?? "",
      ])
    }
    return text
  }

  static func settlement(
    _ statement: Usher.V1.GetSettlementResponse, _ style: Style
  ) -> CSVText {
    var text = CSVText(
      [
        "theatre_id", "theatre", "partner_id", "partner", "currency", "sold", "gross", "returned",
        "refunded", "credited", "net", "final",
      ], style)
    for line in statement.lines {
      text.add([
        "\(line.theatreId)", line.theatreName, "\(line.partnerId)", line.partnerName,
        line.grossAmount?.currencyCode ?? "", "\(line.soldCount)", line.grossAmount?.number ?? "",
        "\(line.returnedCount)", line.refundedAmount?.number ?? "",
        line.creditedAmount?.number ?? "", line.netAmount?.number ?? "", "\(statement.isFinal)",
      ])
    }
    return text
  }
}

extension SalesText {
  /// A row per line, and one for the sum of each currency.
  static func settlement(
    _ statement: Usher.V1.GetSettlementResponse, _ style: Style
  ) -> Table {
    var table = Table(
      [
        .init(title: "THEATRE", mayShrink: true), .init(title: "SELLER", mayShrink: true),
        .init(title: "SOLD", toRight: true), .init(title: "FOR", toRight: true),
        .init(title: "RETURNED", toRight: true), .init(title: "BACK", toRight: true),
        .init(title: "CREDITED", toRight: true), .init(title: "NET", toRight: true),
      ], style)
    for line in statement.lines + sums(statement.lines) {
      table.add([
        line.theatreName, line.partnerName, "\(line.soldCount)", line.grossAmount?.text ?? "",
        "\(line.returnedCount)", line.refundedAmount?.text ?? "", line.creditedAmount?.text ?? "",
        line.netAmount?.text ?? "",
      ])
    }
    return table
  }

  /// What the lines of each currency come to, by its code.
  private static func sums(
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
