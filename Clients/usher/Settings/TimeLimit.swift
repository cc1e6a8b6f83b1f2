// Durations as people write them: `30s`, `500ms`, `2m`, `1h`, or a bare number of seconds.

enum TimeLimit {
  private static let units: [(suffix: String, seconds: Double)] = [
    ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("", 1),
  ]

  /// Nil for anything that is no positive duration up to a day.
  static func parse(_ text: String) -> Duration? {
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      case let digits = text.dropLast(unit.suffix.count),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }),
      let amount = Double(digits)
    else { return nil }
    let seconds = amount * unit.seconds
    guard seconds > 0, seconds <= 86_400 else { return nil }
    return .milliseconds(Int64((seconds * 1_000).rounded(.up)))
  }
}
