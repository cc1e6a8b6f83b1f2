// The well-known types that JSON writes in a form of their own: points in time, durations, field
// masks. Values outside the type's range have no canonical form and are written as plain objects.

extension ProtoJSONWriter {
  /// `google.protobuf.Timestamp`: RFC 3339 in UTC, years 1 to 9999.
  package mutating func timestamp(seconds: Int64, nanos: Int32) {
    guard (-62_135_596_800...253_402_300_799).contains(seconds), (0..<1_000_000_000).contains(nanos)
    else { return plain(seconds: seconds, nanos: nanos) }
    let day = seconds.floorDivided(by: 86_400)
    let second = seconds - day * 86_400
    let (year, month, dayOfMonth) = civilDate(daysSince1970: day)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    let time =
      "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    string("\(date)T\(time)\(fraction(nanos))Z")
  }

  /// `google.protobuf.Duration`: seconds with an `s` behind, up to 10,000 years.
  package mutating func duration(seconds: Int64, nanos: Int32) {
    let isOneSigned = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0)
    guard (-315_576_000_000...315_576_000_000).contains(seconds),
      (-999_999_999...999_999_999).contains(nanos), isOneSigned
    else { return plain(seconds: seconds, nanos: nanos) }
    let sign = seconds < 0 || nanos < 0 ? "-" : ""
    string("\(sign)\(seconds.magnitude)\(fraction(Int32(nanos.magnitude)))s")
  }

  /// `google.protobuf.FieldMask`: paths in lowerCamelCase, separated by commas.
  package mutating func fieldMask(_ paths: [String]) {
    let camel = paths.map { path in
      var result = ""
      var raisesNext = false
      for letter in path {
        if letter == "_" {
          raisesNext = true
        } else {
          result += raisesNext ? letter.uppercased() : String(letter)
          raisesNext = false
        }
      }
      return result
    }
    string(camel.joined(separator: ","))
  }

  /// `google.protobuf.Any`: the message inside, with its type as a member `@type`; a message whose
  /// JSON is not an object stands in a member `value`. A type that `forms` does not know, or bytes
  /// that are not such a message, have no JSON form: then `value` is the bytes in base64.
  package mutating func any(_ typeUrl: String, _ value: [UInt8], forms: [String: JSONForm]) {
    beginObject()
    if !typeUrl.isEmpty { field(StringCodec.self, typeUrl, name: "@type") }
    let typeName = typeUrl.split(separator: "/").last.map(String.init) ?? ""
    var inner = ProtoJSONWriter()
    inner.anyDepth = anyDepth + 1
    if anyDepth < maximumAnyDepth, let form = forms[typeName], (try? form(value, &inner)) != nil {
      splice(inner, isOwnForm: MessageForms.own.contains(typeName))
    } else if !value.isEmpty {
      field(BytesCodec.self, value, name: "value")
    }
    endObject()
  }

  private mutating func plain(seconds: Int64, nanos: Int32) {
    beginObject()
    if seconds != 0 { field(Int64Codec.self, seconds, name: "seconds") }
    if nanos != 0 { field(Int32Codec.self, nanos, name: "nanos") }
    endObject()
  }
}

/// Each Any inside another is decoded afresh, beyond the reach of the decoder's own depth limit.
private let maximumAnyDepth = 16

/// Which types have a JSON form of their own.
private enum MessageForms {
  static let own = Set(
    [
      "Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value", "BoolValue",
      "BytesValue", "DoubleValue", "FloatValue", "Int32Value", "Int64Value", "StringValue",
      "UInt32Value", "UInt64Value",
    ].map { "google.protobuf.\($0)" })
}

/// Nothing, or three, six or nine digits behind a point, as many as it takes.
private func fraction(_ nanos: Int32) -> String {
  switch nanos {
  case 0: ""
  case _ where nanos % 1_000_000 == 0: "." + padded(Int64(nanos) / 1_000_000, 3)
  case _ where nanos % 1_000 == 0: "." + padded(Int64(nanos) / 1_000, 6)
  default: "." + padded(Int64(nanos), 9)
  }
}

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The date in the Gregorian calendar. Years are counted from March, so that the leap day is a
/// year's last, and in eras of 400 years, which all have 146,097 days.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let days = daysSince1970 + 719_468
  let era = days.floorDivided(by: 146_097)
  let dayOfEra = days - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

extension Int64 {
  /// Division that rounds down, for times before 1970.
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
