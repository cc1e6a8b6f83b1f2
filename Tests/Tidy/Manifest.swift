// What Package.swift says about targets, read as text: the manifest is a program of its own, but
// its target list is plain enough to read.

/// A target as the manifest declares it.
struct ManifestTarget: Equatable {
  let name: String
  let dependencies: Set<String>
}

enum Manifest {
  /// The library, plugin and program targets of a manifest, tests and system libraries excluded.
  static func targets(_ text: String) -> [ManifestTarget] {
    let openings = text.ranges(of: /\b(?:floor|\.target|\.executableTarget|\.plugin)\(/)
    return openings.compactMap { opening in
      let call = arguments(text[opening.upperBound...])
      guard let name = call.firstMatch(of: /^\s*(?:name: )?"(\w+)"/),
        call.firstMatch(of: /path: "Tests/) == nil
      else { return nil }
      return ManifestTarget(name: String(name.1), dependencies: dependencies(of: call))
    }
  }

  /// The text up to the parenthesis that closes the call.
  private static func arguments(_ text: Substring) -> Substring {
    var depth = 1
    for index in text.indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 { return text[..<index] }
    }
    return text
  }

  private static func dependencies(of call: Substring) -> Set<String> {
    // `plugins:` also holds a list of names, after the dependencies.
    let head = call.prefix(upTo: call.firstRange(of: "plugins:")?.lowerBound ?? call.endIndex)
    guard let start = head.firstMatch(of: /dependencies: \[|"\w+",\s*\[/)?.range.upperBound,
      let end = head[start...].firstIndex(of: "]")
    else { return [] }
    let list = head[start..<end].replacing(/, package: "[^"]*"/, with: "")
    return Set(list.matches(of: /"(\w+)"/).map { String($0.1) })
  }
}
