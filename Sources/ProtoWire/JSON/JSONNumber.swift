// Numbers of JSON as text: which are integers, and which, exactly. A detour by Double would change
// those above 2⁵³.

/// A number as it is spelled.
struct JSONNumber {
  /// The spelling, valid by RFC 8259.
  let text: ArraySlice<UInt8>
  private let isNegative: Bool
  private let wholeDigits: ArraySlice<UInt8>
  private let fractionDigits: ArraySlice<UInt8>
  private let exponent: Int

  /// The longest number that the bytes begin with; nil when they begin with none.
  init?(prefixOf bytes: ArraySlice<UInt8>) {
    var cursor = DigitCursor(bytes)
    isNegative = cursor.take(UInt8(ascii: "-"))
    wholeDigits = cursor.digits()
    guard let first = wholeDigits.first, first != UInt8(ascii: "0") || wholeDigits.count == 1
    else { return nil }
    var fraction: ArraySlice<UInt8> = []
    if cursor.take(UInt8(ascii: ".")) {
      fraction = cursor.digits()
      guard !fraction.isEmpty else { return nil }
    }
    fractionDigits = fraction
    var exponent = 0
    if cursor.take(UInt8(ascii: "e")) || cursor.take(UInt8(ascii: "E")) {
      let isMinus = cursor.take(UInt8(ascii: "-"))
      if !isMinus { _ = cursor.take(UInt8(ascii: "+")) }
      let digits = cursor.digits()
      guard !digits.isEmpty else { return nil }
      exponent = JSONNumber.exponent(digits)
      if isMinus { exponent = -exponent }
    }
    self.exponent = exponent
    text = bytes[..<cursor.rest.startIndex]
  }

  /// Far beyond what any text of digits can make up for.
  private static func exponent(_ digits: ArraySlice<UInt8>) -> Int {
    digits.reduce(0) { min($0 * 10 + Int($1 - UInt8(ascii: "0")), 1 << 40) }
  }

  /// The number as an integer. `1.0` and `1e2` are integers too.
  func integer<Value: FixedWidthInteger>(
    _: Value.Type
  ) throws(JSONNumberError) -> Value {
    var digits = Array(wholeDigits.drop { $0 == UInt8(ascii: "0") }) + fractionDigits
    var scale = exponent - fractionDigits.count
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      scale += 1
    }
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard !significant.isEmpty else { return 0 }
    guard scale >= 0 else { throw .notAnInteger }
    // 2⁶⁴ has twenty digits.
    guard significant.count + scale <= 20 else { throw .outOfRange }
    var value: Value = 0
    let zeros = repeatElement(UInt8(ascii: "0"), count: scale)
    for digit in significant + zeros {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let unit = Value(digit - UInt8(ascii: "0"))
      let (next, overflowToo) =
        isNegative
        ? shifted.subtractingReportingOverflow(unit) : shifted.addingReportingOverflow(unit)
      guard !overflow, !overflowToo else { throw .outOfRange }
      value = next
    }
    return value
  }

  /// The nearest number that the type holds; nil beyond its range.
  func floatingPoint<Value: BinaryFloatingPoint & LosslessStringConvertible>(
    _: Value.Type
  ) -> Value? {
    guard let value = Value(String(decoding: text, as: UTF8.self)), value.isFinite else {
      return nil
    }
    return value
  }
}

/// Why a number is not the field's.
enum JSONNumberError: Error { case notAnInteger, outOfRange }

/// Goes through bytes that are mostly decimal digits.
struct DigitCursor {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Passes over the byte if it is next.
  mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  /// All digits up to another byte.
  mutating func digits() -> ArraySlice<UInt8> {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest[digits.endIndex...]
    return digits
  }

  /// A number of so many digits, no more and no fewer.
  mutating func number(digitCount: Int) -> Int64? {
    let digits = digits()
    guard digits.count == digitCount else { return nil }
    return DigitCursor.value(digits)
  }

  /// The value of at most eighteen digits, nil for more or none.
  static func value(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard (1...18).contains(digits.count) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }

  /// Nothing, or a point and one to nine digits, as nanoseconds; nil for anything else.
  mutating func nanos() -> Int32? {
    guard take(UInt8(ascii: ".")) else { return 0 }
    let digits = digits()
    guard (1...9).contains(digits.count), let value = DigitCursor.value(digits) else { return nil }
    return Int32((0..<9 - digits.count).reduce(value) { scaled, _ in scaled * 10 })
  }
}

extension ProtoJSONReader {
  /// Reads a number.
  mutating func readNumber() throws(ProtoJSONError) -> JSONNumber {
    guard try peek() == .number else { throw fail(.wrongKind) }
    guard let number = JSONNumber(prefixOf: text[offset...]) else { throw fail(.malformed) }
    offset = number.text.endIndex
    return number
  }

  /// Reads a number, or a string that holds one and nothing else.
  mutating func readNumberOrText() throws(ProtoJSONError) -> JSONNumber {
    guard try peek() == .string else { return try readNumber() }
    let content = Array(try readString().utf8)
    guard let number = JSONNumber(prefixOf: content[...]), number.text.endIndex == content.endIndex
    else { throw fail(.wrongKind) }
    return number
  }

  /// Reads an integer.
  mutating func readInteger<Value: FixedWidthInteger>(
    _: Value.Type
  ) throws(ProtoJSONError) -> Value {
    let number = try readNumberOrText()
    do throws(JSONNumberError) {
      return try number.integer(Value.self)
    } catch {
      throw fail(error == .notAnInteger ? .notAnInteger : .outOfRange)
    }
  }
}
