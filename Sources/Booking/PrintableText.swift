// Which characters a line of text may have: names, labels, reasons. The database checks the same by
// `[[:cntrl:]]`, but as the last to be asked: what it refuses fails whatever is done together with it.

extension Unicode.Scalar {
  /// Whether it neither controls nor breaks a line.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}

extension String {
  /// Whether it has only characters that neither control nor break a line.
  package var isPrintable: Bool { unicodeScalars.allSatisfy(\.isPrintable) }
}
