// A price explained line by line, and its form in the database.

/// An add-on of a line.
package struct AttachedAddOn: Hashable, Sendable {
  /// The add-on.
  package let id: Int64
  /// How many of it.
  package let count: Int

  /// So many of an add-on.
  package init(id: Int64, count: Int) {
    self.id = id
    self.count = count
  }
}

/// One rule applied to one seat, or an add-on attached to it.
package struct QuoteLine: Hashable, Sendable {
  /// Which seat: an index into the quote's seats.
  package let position: Int
  /// What it adds to the total, in minor units; negative for an offer.
  package let minorUnits: Int64
  /// The offer; 0 for the base price of a tier and for an add-on.
  package let offerID: Int64
  /// The tier's name, or the title of the offer or the add-on.
  package let description: String
  /// The add-on; nil for a rule.
  package let addOn: AttachedAddOn?

  /// One line of a quote.
  package init(
    position: Int, minorUnits: Int64, offerID: Int64, description: String,
    addOn: AttachedAddOn? = nil
  ) {
    self.position = position
    self.minorUnits = minorUnits
    self.offerID = offerID
    self.description = description
    self.addOn = addOn
  }

  /// Whether it is the price of the seat's tier.
  package var isBasePrice: Bool { offerID == 0 && addOn == nil }
}

/// What seats and their add-ons cost, line by line. The total is the sum of the lines and what is charged.
package struct Quote: Hashable, Sendable {
  /// By seat: every rule, in the order of application, then the add-ons.
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
  /// The lines of the add-ons.
  package var addOns: [QuoteLine] { lines.filter { $0.addOn != nil } }

  /// The same for the seats, with these add-ons instead of others. Throws `.moneyOverflow`.
  package func with(addOns: [QuoteLine]) throws(BookingError) -> Quote {
    let all = lines.filter { $0.addOn == nil } + addOns
    let ordered = all.enumerated().sorted {
      ($0.element.position, $0.offset) < ($1.element.position, $1.offset)
    }
    return try Quote(lines: ordered.map(\.element), currency: total.currency)
  }
}

extension Quote {
  /// One line per rule or add-on: position, minor units, the offer's id (0: base price) or `+id x count` of an add-on
  /// without the blanks, and description, separated by tabs. Readable in the database, and kept with the
  /// booking so that later prices change nothing.
  package var text: String { Self.text(lines) }

  /// Lines as they stand in `text`.
  package static func text(_ lines: [QuoteLine]) -> String {
    lines.map { line in
      let source = line.addOn.map { "+\($0.id)x\($0.count)" } ?? "\(line.offerID)"
      return "\(line.position)\t\(line.minorUnits)\t\(source)\t\(plain(line.description))"
    }.joined(separator: "\n")
  }

  /// Reads `text` back. Throws `.malformed` for anything else.
  package init(text: String, currency: Currency) throws(BookingError) {
    try self.init(lines: Self.lines(text), currency: currency)
  }

  /// Reads lines back. Throws `.malformed` for what is none.
  package static func lines(_ text: String) throws(BookingError) -> [QuoteLine] {
    var lines: [QuoteLine] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let parts = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, let position = Int(parts[0]), let minorUnits = Int64(parts[1]),
        let (offerID, addOn) = source(parts[2]), (0..<Limits.seatsPerBooking).contains(position)
      else {
        throw BookingError(.malformed, "A stored quote cannot be read.")
      }
      lines.append(
        QuoteLine(
          position: position, minorUnits: minorUnits, offerID: offerID,
          description: String(parts[3]), addOn: addOn))
    }
    return lines
  }

  private static func source(_ text: Substring) -> (offerID: Int64, addOn: AttachedAddOn?)? {
    guard text.first == "+" else { return Int64(text).map { ($0, nil) } }
    let parts = text.dropFirst().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let id = Int64(parts[0]), let count = Int(parts[1]) else { return nil }
    return (0, AttachedAddOn(id: id, count: count))
  }

  /// Descriptions are checked where they enter; this keeps the form sound whatever they hold.
  private static func plain(_ description: String) -> String {
    // Every line break but one of ASCII has a byte above it.
    if description.utf8.allSatisfy({ $0 >= UInt8(ascii: " ") && $0 < 0x80 }) { return description }
    return String(description.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }
}
