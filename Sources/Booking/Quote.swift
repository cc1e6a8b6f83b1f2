// A price explained line by line, and its form in the database.

/// One rule applied to one seat.
package struct QuoteLine: Hashable, Sendable {
  /// Which seat: an index into the quote's seats.
  package let position: Int
  /// What the rule adds to the total, in minor units; negative for an offer.
  package let minorUnits: Int64
  /// The offer; 0 for the base price of a tier.
  package let offerID: Int64
  /// The tier's name, or the offer's title.
  package let description: String

  /// One line of a quote.
  package init(position: Int, minorUnits: Int64, offerID: Int64, description: String) {
    self.position = position
    self.minorUnits = minorUnits
    self.offerID = offerID
    self.description = description
  }
}

/// What seats cost, rule by rule. The total is the sum of the lines and what is charged.
package struct Quote: Hashable, Sendable {
  /// Every rule applied: by seat, in the order of application.
  package let lines: [QuoteLine]
  /// The sum of the lines.
  package let total: Money

  /// Sums up the lines. Throws `.moneyOverflow`.
  package init(lines: [QuoteLine], currency: Currency) throws(BookingError) {
    var total = Money(0, currency)
    for line in lines {
      total = try total.adding(Money(line.minorUnits, currency))
    }
    self.lines = lines
    self.total = total
  }
}

extension Quote {
  /// One line per rule: position, minor units, offer id and description, separated by tabs.
  /// Readable in the database, and kept with the booking so that later prices change nothing.
  package var text: String {
    lines.map { line in
      "\(line.position)\t\(line.minorUnits)\t\(line.offerID)\t\(Self.plain(line.description))"
    }.joined(separator: "\n")
  }

  /// Reads `text` back. Throws `.malformed` for anything else.
  package init(text: String, currency: Currency) throws(BookingError) {
    var lines: [QuoteLine] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let parts = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, let position = Int(parts[0]), let minorUnits = Int64(parts[1]),
        let offerID = Int64(parts[2]), (0..<Limits.seatsPerBooking).contains(position)
      else {
        throw BookingError(.malformed, "A stored quote cannot be read.")
      }
      lines.append(
        QuoteLine(
          position: position, minorUnits: minorUnits, offerID: offerID,
          description: String(parts[3])))
    }
    try self.init(lines: lines, currency: currency)
  }

  /// Descriptions are checked where they enter; this keeps the form sound whatever they hold.
  private static func plain(_ description: String) -> String {
    // Every line break but one of ASCII has a byte above it.
    if description.utf8.allSatisfy({ $0 >= UInt8(ascii: " ") && $0 < 0x80 }) { return description }
    return String(description.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }
}
