// An enum of the schema as a Swift struct around its number: proto3 enums are open, a number without
// a name is a value like any other.

import ProtoSchema

/// Emits one enum.
struct EnumEmitter {
  private let type: EnumType
  private let names: NameTable

  init(_ type: EnumType, names: NameTable) {
    self.type = type
    self.names = names
  }

  /// Adds the struct to the text.
  func emit(into text: inout SourceText) {
    let lines = type.comment.lines.isEmpty ? [type.fullName] : type.comment.lines
    text.documentation(lines + type.options.deprecationLines)
    text.block(
      "package struct \(names.declaredName(type.fullName)): ProtoWire.ProtoEnum"
    ) { text in
      text.line("package let rawValue: Swift.Int32")
      text.line("package init(rawValue: Swift.Int32) { self.rawValue = rawValue }")
      text.line()
      for (value, name) in zip(type.values, caseNames) {
        let lines = value.comment.lines.isEmpty ? ["`\(value.name)`"] : value.comment.lines
        text.documentation(lines + value.options.deprecationLines)
        text.line("package static var \(name): Self { Self(rawValue: \(value.number)) }")
      }
      text.line()
      emitValueNames(into: &text)
      if type.fullName == "google.protobuf.NullValue" {
        text.line()
        text.line("package static var isJSONNull: Swift.Bool { true }")
      }
    }
  }

  private func emitValueNames(into text: inout SourceText) {
    let list = type.values.map { "\($0.number)\0\($0.name)" }.joined(separator: "\0")
    text.line("package static let protoValues = ProtoWire.ProtoNames(\(swiftLiteral(list)))")
    text.line()
    text.block("package var protoValueName: Swift.String?") { text in
      text.line("switch self.rawValue {")
      var seen: Set<Int32> = []
      for value in type.values where seen.insert(value.number).inserted {
        text.line("case \(value.number): return \"\(value.name)\"")
      }
      text.line("default: return nil")
      text.line("}")
    }
  }

  /// `SEAT_STATE_HELD` of `SeatState` → `held`. The prefix stays on all values when taking it off
  /// one of them would leave no name or the name of another.
  private var caseNames: [String] {
    let prefix = screamingSnake(type.name) + "_"
    let full = type.values.map { SwiftName.enumCase($0.name) }
    var short: [String] = []
    for value in type.values {
      guard value.name.hasPrefix(prefix), let first = value.name.dropFirst(prefix.count).first,
        first.isLetter
      else { return spelled(full) }
      short.append(SwiftName.enumCase(String(value.name.dropFirst(prefix.count))))
    }
    return spelled(Set(short).count == short.count ? short : full)
  }

  private func spelled(_ names: [String]) -> [String] {
    SwiftName.unique(names, taken: ["rawValue", "protoValueName", "protoValues", "hashValue"])
      .map(SwiftName.declared)
  }

  /// `SeatState` → `SEAT_STATE`; an underscore before each capital that follows a lower-case letter
  /// or digit, or that begins a word after capitals (`HTTPCode` → `HTTP_CODE`).
  private func screamingSnake(_ name: String) -> String {
    let letters = Array(name)
    var result = ""
    for (index, letter) in letters.enumerated() {
      let next = index + 1 < letters.count ? letters[index + 1] : nil
      if index > 0, letter.isUppercase,
        !letters[index - 1].isUppercase || next?.isLowercase == true, letters[index - 1] != "_"
      {
        result += "_"
      }
      result += letter.uppercased()
    }
    return result
  }
}
