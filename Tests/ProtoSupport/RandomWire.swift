// Random valid messages, made from the schema alone: bytes as any peer may send them, not only as
// our own encoder would.

package import ProtoSchema

/// Makes encoded messages of a schema: fields in any order, singular ones more than once, repeated
/// ones packed and not, in several runs, unknown fields and groups between them.
package struct RandomWire {
  private let schema: Schema
  package var random: SeededRandom

  package init(schema: Schema, seed: UInt64) {
    self.schema = schema
    random = SeededRandom(seed: seed)
  }

  /// An encoded message of the named type.
  package mutating func message(_ fullName: String, depth: Int = 0) -> [UInt8] {
    guard let message = schema.message(named: fullName) else { return [] }
    // A few fields each, fewer the deeper: recursive types must come to an end.
    let percent = max(2, min(60, 600 / max(1, message.fields.count)) >> depth)
    var chunks: [[UInt8]] = []
    for field in message.fields where random.chance(percent) {
      let occurrences = random.chance(15) ? 2 : 1
      for _ in 0..<occurrences { chunks.append(contentsOf: occurrence(of: field, depth: depth)) }
    }
    if random.chance(10) { chunks.append(unknownField(besides: message)) }
    if random.chance(50) { chunks.shuffle(using: &random) }
    return chunks.flatMap { $0 }
  }

  private mutating func occurrence(of field: Field, depth: Int) -> [[UInt8]] {
    switch field.cardinality {
    case .implicit, .optional:
      return [value(field.type, number: field.number, depth: depth)]
    case .map(let key, let value):
      return (0..<Int.random(in: 1...4, using: &random)).map { _ in
        entry(number: field.number, key: key, value: value, depth: depth)
      }
    case .repeated:
      let count = Int.random(in: 0...5, using: &random)
      guard isPackable(field.type), random.chance(50) else {
        return (0..<count).map { _ in value(field.type, number: field.number, depth: depth) }
      }
      let payload = (0..<count).flatMap { _ in bare(field.type, depth: depth) }
      return [WireText.lengthDelimited(field.number, payload)]
    }
  }

  private mutating func entry(
    number: Int32, key: ScalarType, value type: FieldType, depth: Int
  ) -> [UInt8] {
    var parts: [[UInt8]] = []
    if random.chance(90) { parts.append(value(.scalar(key), number: 1, depth: depth)) }
    if random.chance(90) { parts.append(value(type, number: 2, depth: depth)) }
    if random.chance(20) { parts.reverse() }
    return WireText.lengthDelimited(number, parts.flatMap { $0 })
  }

  private func isPackable(_ type: FieldType) -> Bool {
    switch type {
    case .scalar(let scalar): scalar != .string && scalar != .bytes
    case .enumeration: true
    case .message: false
    }
  }

  /// A tag and a value.
  private mutating func value(_ type: FieldType, number: Int32, depth: Int) -> [UInt8] {
    WireText.tag(number, wireType(type)) + bare(type, depth: depth)
  }

  private func wireType(_ type: FieldType) -> UInt64 {
    switch type {
    case .enumeration: 0
    case .message, .scalar(.string), .scalar(.bytes): 2
    case .scalar(.double), .scalar(.fixed64), .scalar(.sfixed64): 1
    case .scalar(.float), .scalar(.fixed32), .scalar(.sfixed32): 5
    case .scalar: 0
    }
  }

  /// A value without its tag.
  private mutating func bare(_ type: FieldType, depth: Int) -> [UInt8] {
    switch type {
    case .message(let name): return WireText.prefixed(message(name, depth: depth + 1))
    case .enumeration(let name):
      let known = schema.enumType(named: name)?.values.randomElement(using: &random)?.number ?? 0
      let number = random.chance(80) ? known : Int32(truncatingIfNeeded: integer())
      return WireText.varint(UInt64(bitPattern: Int64(number)))
    case .scalar(.string): return WireText.prefixed(Array(text().utf8))
    case .scalar(.bytes): return WireText.prefixed(someBytes())
    case .scalar(.bool): return WireText.varint(random.chance(50) ? 1 : 0)
    case .scalar(.double), .scalar(.fixed64), .scalar(.sfixed64):
      return WireText.fixed(double(), byteCount: 8)
    case .scalar(.float), .scalar(.fixed32), .scalar(.sfixed32):
      return WireText.fixed(float(), byteCount: 4)
    case .scalar(.int32):
      return WireText.varint(UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: integer()))))
    case .scalar(.uint32), .scalar(.sint32): return WireText.varint(integer() & 0xFFFF_FFFF)
    case .scalar: return WireText.varint(integer())
    }
  }

  /// Boundaries as often as anything else.
  private mutating func integer() -> UInt64 {
    let edges: [UInt64] = [
      0, 1, 127, 128, 16_383, 16_384, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
      0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max,
    ]
    if random.chance(50) { return edges.randomElement(using: &random) ?? 0 }
    return random.next() >> UInt64.random(in: 0..<64, using: &random)
  }

  private mutating func double() -> UInt64 {
    let edges: [Double] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1,
    ]
    return random.chance(50)
      ? edges.randomElement(using: &random)?.bitPattern ?? 0 : ordinary(random.next(), 0x7FF, 52)
  }

  private mutating func float() -> UInt64 {
    let edges: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1,
    ]
    return random.chance(50)
      ? UInt64(edges.randomElement(using: &random)?.bitPattern ?? 0)
      : ordinary(random.next() & 0xFFFF_FFFF, 0xFF, 23)
  }

  /// The bits, with an exponent of all ones taken down: the payload of a NaN is not every runtime's
  /// to keep. One NaN that all keep is tested by itself.
  private func ordinary(_ bits: UInt64, _ exponentMask: UInt64, _ shift: UInt64) -> UInt64 {
    (bits >> shift) & exponentMask == exponentMask ? bits & ~(1 << shift) : bits
  }

  private mutating func text() -> String {
    let letters: [Character] = [
      "a", "Z", "0", " ", "\"", "\\", "\n", "\0", "é", "e\u{301}", "ß", "漢", "🎟️", "\u{FFFD}",
      "\u{10FFFF}", "\u{7F}", "/", "_",
    ]
    let count = random.chance(10) ? 200 : Int.random(in: 0...8, using: &random)
    return String((0..<count).map { _ in letters.randomElement(using: &random) ?? "a" })
  }

  private mutating func someBytes() -> [UInt8] {
    let count = random.chance(10) ? 300 : Int.random(in: 0...8, using: &random)
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }

  /// A field that the message does not have, of any wire type.
  private mutating func unknownField(besides message: Message) -> [UInt8] {
    let known = Set(message.fields.map(\.number))
    var number = Int32.random(in: 1...60_000, using: &random)
    while known.contains(number) { number += 1 }
    return unknown(number, depth: 0)
  }

  private mutating func unknown(_ number: Int32, depth: Int) -> [UInt8] {
    switch Int.random(in: 0..<(depth < 3 ? 5 : 4), using: &random) {
    case 0: return WireText.tag(number, 0) + WireText.varint(integer())
    case 1: return WireText.tag(number, 1) + WireText.fixed(random.next(), byteCount: 8)
    case 2: return WireText.lengthDelimited(number, someBytes())
    case 3: return WireText.tag(number, 5) + WireText.fixed(random.next(), byteCount: 4)
    default:
      let inner = (0..<Int.random(in: 0...2, using: &random)).flatMap { _ in
        unknown(Int32.random(in: 1...1000, using: &random), depth: depth + 1)
      }
      return WireText.tag(number, 3) + inner + WireText.tag(number, 4)
    }
  }
}
