// Rules about `reserved` statements of messages and enums.

/// Numbers that must not be used, in ranges that do not overlap.
struct ReservedNumbers {
  /// In the order of the source.
  let ranges: [ReservedRange]
  private let sorted: [ReservedRange]

  init(_ ranges: [ReservedRange]) {
    self.ranges = ranges
    sorted = ranges.sorted { $0.first < $1.first }
  }

  func contains(_ number: Int64) -> Bool {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if number < sorted[middle].first {
        high = middle
      } else if number > sorted[middle].last {
        low = middle + 1
      } else {
        return true
      }
    }
    return false
  }
}

extension Checker {
  /// The numbers that a `reserved` statement can name.
  enum NumberSpace {
    case fieldNumbers
    case enumNumbers

    var lowest: Int32 { self == .fieldNumbers ? 1 : .min }
    var highest: Int32 { self == .fieldNumbers ? 536_870_911 : .max }
  }

  func checkReserved(
    _ node: ReservedNode, within space: NumberSpace
  ) -> ReservedNumbers {
    var result: [(range: ReservedRange, place: SourceRange)] = []
    for entry in node.ranges {
      guard let first = entry.first.int32,
        let last = entry.last.map(\.int32) ?? space.highest,
        first >= space.lowest, last <= space.highest
      else {
        let isTooLow = entry.first.isNegative || entry.first.magnitude == 0
        error(
          entry.range, "reserved numbers lie between \(space.lowest) and \(space.highest)",
          hint: isTooLow ? nil : "`to max` reserves all numbers up to the highest")
        continue
      }
      guard first <= last else {
        error(entry.range, "the range ends before it starts", hint: "swap the two numbers")
        continue
      }
      result.append((ReservedRange(first: first, last: last), entry.range))
    }
    checkOverlaps(result)
    var names: Set<String> = []
    for name in node.names where !names.insert(name.value).inserted {
      error(name.range, "the name `\(name.value)` is reserved twice")
    }
    return ReservedNumbers(result.map(\.range))
  }

  private func checkOverlaps(_ ranges: [(range: ReservedRange, place: SourceRange)]) {
    let sorted = ranges.sorted {
      ($0.range.first, $0.place.start) < ($1.range.first, $1.place.start)
    }
    for (left, right) in zip(sorted, sorted.dropFirst())
    where right.range.first <= left.range.last {
      let later = left.place.start > right.place.start ? left : right
      let earlier = left.place.start > right.place.start ? right : left
      error(
        later.place,
        "the reserved numbers overlap with \(earlier.range.first) to \(earlier.range.last)")
    }
  }
}
