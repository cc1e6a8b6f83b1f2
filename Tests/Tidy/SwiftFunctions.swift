// Finds the functions of a Swift file and how long they are, from the blanked code.

/// A function, initialiser, deinitialiser or subscript with a body.
struct SwiftFunction: Equatable {
  /// Line of the declaration, from 1.
  let line: Int
  /// From the declaration's keyword to the closing brace.
  let lineCount: Int
}

extension SwiftText {
  /// Every function that has a body, in order; nested ones count again by themselves.
  func functions() -> [SwiftFunction] {
    code.indices.compactMap { index in
      guard code[index].holds(anyOf: ["func", "init", "subscript"]),
        code[index].firstMatch(of: Self.declaration) != nil
      else { return nil }
      return bodyEnd(from: index).map { end in
        SwiftFunction(line: index + 1, lineCount: end - index + 1)
      }
    }
  }

  private static var declaration: Regex<Substring> {
    /(?:^|[ ;{])(?:func +[^ (<]+|init[?]? *[(<]|deinit *\{|subscript *[(<])/
  }
  /// What can only follow a declaration without a body, as in a protocol.
  private static var nextDeclaration: Regex<Substring> {
    /^ *(?:@\w+|package|public|private|fileprivate|internal|static|mutating|func|var|let|init|case|associatedtype|\})/
  }

  /// Index of the line with the closing brace; nil for a requirement without a body.
  private func bodyEnd(from start: Int) -> Int? {
    var brackets = 0
    var braces = 0
    var isInBody = false
    for index in start..<code.count {
      if index > start, !isInBody, brackets == 0,
        code[index].firstMatch(of: Self.nextDeclaration) != nil
      {
        return nil
      }
      var line = code[index][...]
      if index == start, let match = line.firstMatch(of: Self.declaration) {
        line = line[match.startIndex...].drop { $0 == " " || $0 == "{" || $0 == ";" }
      }
      for character in line {
        switch character {
        case "(", "[": brackets += 1
        case ")", "]": brackets -= 1
        case "{":
          if !isInBody && brackets > 0 { continue }
          isInBody = true
          braces += 1
        case "}":
          if !isInBody && brackets > 0 { continue }
          guard isInBody else { return nil }
          braces -= 1
          if braces == 0 { return index }
        default: break
        }
      }
    }
    return nil
  }
}
