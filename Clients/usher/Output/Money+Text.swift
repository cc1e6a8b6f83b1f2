// Amounts of money as people read them.

import UsherProtos

extension Usher.V1.Money {
  /// For example `14.00 EUR`, `-2.80 EUR`, `1200 JPY`: minor units by the currency's exponent.
  var text: String { "\(number) \(currencyCode)" }

  /// For example `14.00`.
  var number: String {
    let exponent = CurrencyExponent.of(currencyCode)
    let digits = String(minorUnits.magnitude)
    let padded = String(repeating: "0", count: max(0, exponent + 1 - digits.count)) + digits
    let whole = padded.dropLast(exponent)
    let fraction = exponent > 0 ? "." + padded.suffix(exponent) : ""
    return "\(minorUnits < 0 ? "-" : "")\(whole)\(fraction)"
  }

  /// An amount such as `14`, `14.5` or `14.50` in a currency's minor units; nil for anything else, more
  /// digits behind the point than it has among it.
  static func minorUnits(_ text: String, _ currency: String) -> Int64? {
    let exponent = CurrencyExponent.of(currency)
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count),
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard fraction.count <= exponent else { return nil }
    return Int64(parts[0] + fraction + String(repeating: "0", count: exponent - fraction.count))
  }
}

enum CurrencyExponent {
  /// Digits behind the point. Source: ISO 4217, list one; two unless listed.
  static func of(_ code: String) -> Int { exceptions[code] ?? 2 }

  private static let exceptions: [String: Int] = {
    let byExponent = [
      0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
      3: "BHD IQD JOD KWD LYD OMR TND",
      4: "CLF UYW",
    ]
    var table: [String: Int] = [:]
    for (exponent, codes) in byExponent {
      for code in codes.split(separator: " ") { table[String(code)] = exponent }
    }
    return table
  }()
}
