// Which characters a line of text may have: names, labels, reasons. The database checks the same by
// `[[:cntrl:]]`, but as the last to be asked: what it refuses fails whatever is done together with it.

extension Unicode.Scalar {
  /// Whether it neither controls nor breaks a line.
  package var isPrintable: Bool {
    // Most text is ASCII, and the tables of Unicode are slow to look into.
    if value < 0x7F { return value >= 0x20 }
    return switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

extension Unicode.Scalar {
  /// Whether it is printable and leaves room between words.
  var isSpace: Bool { value < 0x80 ? value == 0x20 : properties.isWhitespace }
}

extension String {
  /// Whether it has only characters that neither control nor break a line.
  package var isPrintable: Bool { unicodeScalars.allSatisfy(\.isPrintable) }
}
