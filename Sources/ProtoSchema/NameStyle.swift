// Transformations of names that the protobuf language defines, and the search for a near miss.

extension String {
  /// The name in the JSON mapping: underscores go, the letter after each becomes a capital.
  var jsonName: String { camelCased(startsUpper: false) }

  /// The name without underscores and case: fields that agree in it are refused as protoc refuses
  /// them, since their JSON names are too easily confused.
  var confusableName: String {
    String(decoding: utf8.filter { $0 != UInt8(ascii: "_") }.map(\.asciiLowercased), as: UTF8.self)
  }

  /// The name of the entry message of a map field with this name.
  var mapEntryName: String { camelCased(startsUpper: true) + "Entry" }

  private func camelCased(startsUpper: Bool) -> String {
    var result: [UInt8] = []
    var makesUpper = startsUpper
    for byte in utf8 {
      if byte == UInt8(ascii: "_") {
        makesUpper = true
      } else {
        result.append(makesUpper ? byte.asciiUppercased : byte)
        makesUpper = false
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The name of an enum value as generators in several languages shorten it: without the enum's
  /// name in front, in CamelCase. Two values of an enum must differ in it.
  func shortValueName(inEnum enumName: String) -> String {
    let prefix = enumName.utf8.filter { $0 != UInt8(ascii: "_") }.map(\.asciiLowercased)
    let own = Array(utf8)
    var index = 0
    var matched = 0
    while index < own.count, matched < prefix.count {
      if own[index] != UInt8(ascii: "_") {
        guard own[index].asciiLowercased == prefix[matched] else { break }
        matched += 1
      }
      index += 1
    }
    while index < own.count, own[index] == UInt8(ascii: "_") { index += 1 }
    let isStripped = matched == prefix.count && index < own.count
    return String(decoding: own[(isStripped ? index : 0)...], as: UTF8.self).valueCamelCased
  }

  private var valueCamelCased: String {
    var result: [UInt8] = []
    var startsWord = true
    for byte in utf8 {
      if byte == UInt8(ascii: "_") {
        startsWord = true
      } else {
        result.append(startsWord ? byte.asciiUppercased : byte.asciiLowercased)
        startsWord = false
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The candidate that differs least, if it is near enough to be what was meant.
  func nearest(in candidates: [String]) -> String? {
    guard utf8.count <= 64 else { return nil }
    let distances = candidates.map { (name: $0, distance: distance(to: $0)) }
    let best = distances.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let best, best.distance <= Swift.max(1, Swift.min(utf8.count, best.name.utf8.count) / 3)
    else {
      return nil
    }
    return best.name
  }

  /// Levenshtein distance without regard to case.
  private func distance(to other: String) -> Int {
    let left = utf8.map(\.asciiLowercased)
    let right = other.utf8.map(\.asciiLowercased)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let change = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(change, row[j] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}

extension UInt8 {
  var asciiUppercased: UInt8 { (0x61...0x7a).contains(self) ? self - 0x20 : self }
  var asciiLowercased: UInt8 { (0x41...0x5a).contains(self) ? self + 0x20 : self }
}
