// Amounts in whole minor units of one currency. Arithmetic is checked: an overflow is an error,
// never a wrong price.

/// The code of a currency, as ISO 4217 has them; of those that were withdrawn, too.
package struct Currency: Hashable, Sendable, CustomStringConvertible {
  /// Three upper-case ASCII letters.
  package let code: String

  /// Throws `.malformed` for anything but three upper-case ASCII letters.
  package init(_ code: String) throws(BookingError) {
    guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
      throw BookingError(.malformed, "A currency is three upper-case letters.")
    }
    self.code = code
  }

  package var description: String { code }
}

/// An amount in one currency.
package struct Money: Hashable, Sendable {
  /// The currency.
  package let currency: Currency
  /// Whole minor units (cents, paise); negative for a discount.
  package let minorUnits: Int64

  /// An amount of `minorUnits`.
  package init(_ minorUnits: Int64, _ currency: Currency) {
    self.minorUnits = minorUnits
    self.currency = currency
  }

  /// The sum. Throws `.moneyOverflow` when it does not fit or the currencies differ.
  package func adding(_ other: Money) throws(BookingError) -> Money {
    let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
    guard !overflow, currency == other.currency else {
      throw BookingError(.moneyOverflow, "These amounts cannot be added.")
    }
    return Money(sum, currency)
  }

  /// The share of a non-negative amount, `basisPoints` of ten thousand, halves rounded up.
  /// Throws `.moneyOverflow` for negative amounts and those beyond `Limits.bookingMinorUnits`.
  package func share(basisPoints: Int) throws(BookingError) -> Money {
    guard (0...Limits.bookingMinorUnits).contains(minorUnits), (0...10_000).contains(basisPoints)
    else {
      throw BookingError(.moneyOverflow, "A share is taken of a price, at most all of it.")
    }
    return Money((minorUnits * Int64(basisPoints) + 5_000) / 10_000, currency)
  }
}
