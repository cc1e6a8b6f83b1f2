// What is sold of a show at one version, summed up so that two records of it can be compared.

package import Booking
import Postgres

/// The digest of a show.
package struct ShowDigest: Sendable, Hashable {
  /// What one partner has sold of one tier.
  package struct Share: Sendable, Hashable {
    /// The partner.
    package let partnerID: Int64
    /// The tier.
    package let tier: String
    /// Seats that are sold.
    package var seatCount: Int
    /// What they cost.
    package var amount: Money
  }

  /// The version that all of this is true for.
  package let version: Int64
  /// Seats that are available, held, sold and blocked, whoever has them.
  package let counts: [Int32]
  /// SHA-256 over the lines of the sold seats that may be seen, as the API describes them.
  package let soldHash: [UInt8]
  /// What is sold of the seats that may be seen, by partner and tier.
  package let shares: [Share]

  /// Reads get_show_sales.sql; nil when nothing may be seen.
  init?(_ result: PostgresResult) throws(PostgresError) {
    guard let first = result.firstRow else { return nil }
    version = try first.decode(0)
    counts = try first.decode(1)
    guard counts.count == 4 else { throw PostgresError(.decoding, "a show has other states") }
    var (lines, shares) = ([UInt8](), [ShareKey: Share]())
    for row in result.rows {
      guard let number = try row.decode(2, as: Int32?.self) else { continue }
      let id = UniqueID(try row.decode(3, as: PostgresUUID.self))
      lines += Array("\(number)\tSOLD\t\(id)\n".utf8)
      try Self.add(row, number, to: &shares)
    }
    soldHash = SHA256.digest(lines)
    self.shares = shares.values.sorted { ($0.partnerID, $0.tier) < ($1.partnerID, $1.tier) }
  }

  private struct ShareKey: Hashable {
    let partnerID: Int64
    let tier: String
  }

  private static func add(
    _ row: PostgresRow, _ number: Int32, to shares: inout [ShareKey: Share]
  ) throws(PostgresError) {
    let partnerID: Int64 = try row.decode(4)
    guard let currency = try? Currency(try row.decode(7)),
      let quote = try? Quote(text: try row.decode(6), currency: currency),
      let seat = SeatPrices(quote, of: try row.decode(5))?[number]
    else { throw PostgresError(.decoding, "a sale cannot be read") }
    let key = ShareKey(partnerID: partnerID, tier: seat.tier)
    let before =
      shares[key]
      ?? Share(partnerID: partnerID, tier: seat.tier, seatCount: 0, amount: Money(0, currency))
    guard let amount = try? before.amount.adding(seat.price) else {
      throw PostgresError(.decoding, "what is sold of a show cannot be added up")
    }
    shares[key] = Share(
      partnerID: partnerID, tier: seat.tier, seatCount: before.seatCount + 1, amount: amount)
  }
}
