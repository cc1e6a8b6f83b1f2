// JSON for people: the same text with line breaks and indentation.

enum JSONText {
  /// Spreads a JSON text that has no white space outside strings over lines.
  static func indented(_ compact: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(compact.count * 2)
    var depth = 0
    var isInString = false
    var isEscaped = false
    var previous: UInt8 = 0
    func breakLine() {
      result.append(UInt8(ascii: "\n"))
      result.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }
    for byte in compact {
      let closes = byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      if !isInString {
        let follows = previous == UInt8(ascii: "{") || previous == UInt8(ascii: "[")
        if closes { depth -= 1 }
        if follows != closes || previous == UInt8(ascii: ",") { breakLine() }
      }
      result.append(byte)
      if isInString {
        if byte == UInt8(ascii: "\""), !isEscaped { isInString = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        previous = UInt8(ascii: "\"")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ":"): result.append(UInt8(ascii: " "))
      default: break
      }
      previous = byte
    }
    return result
  }
}
