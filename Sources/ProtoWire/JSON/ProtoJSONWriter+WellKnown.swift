// The well-known types that JSON writes in a form of their own: points in time, durations, field
// masks, any message. What has no canonical form is written for the eye, and noted as a problem.

extension ProtoJSONWriter {
  /// `google.protobuf.Timestamp`: RFC 3339 in UTC, years 1 to 9999.
  package mutating func timestamp(seconds: Int64, nanos: Int32) {
    guard timestampSeconds.contains(seconds), (0..<1_000_000_000).contains(nanos) else {
      note(.timestampOutOfRange)
      return plain(seconds: seconds, nanos: nanos)
    }
    let day = seconds.floorDivided(by: 86_400)
    let second = seconds - day * 86_400
    let civil = CivilDate(daysSince1970: day)
    let date = "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
    let time =
      "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    string("\(date)T\(time)\(fraction(nanos))Z")
  }

  /// `google.protobuf.Duration`: seconds with an `s` behind, up to 10,000 years.
  package mutating func duration(seconds: Int64, nanos: Int32) {
    let isOneSigned = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0)
    guard durationSeconds.contains(seconds), (-999_999_999...999_999_999).contains(nanos),
      isOneSigned
    else {
      note(.durationOutOfRange)
      return plain(seconds: seconds, nanos: nanos)
    }
    let sign = seconds < 0 || nanos < 0 ? "-" : ""
    string("\(sign)\(seconds.magnitude)\(fraction(Int32(nanos.magnitude)))s")
  }

  /// `google.protobuf.FieldMask`: paths in lowerCamelCase, separated by commas.
  package mutating func fieldMask(_ paths: [String]) {
    let camel = paths.map { path in
      let (camel, comesBack) = camelCase(path)
      if !comesBack { note(.pathWithoutCamelCase) }
      return camel
    }
    // One path without letters would come back as none.
    if paths == [""] { note(.pathWithoutCamelCase) }
    string(camel.joined(separator: ","))
  }

  /// The number of a `google.protobuf.Value`, which is one of JSON's.
  package mutating func valueNumber(_ value: Double) {
    if !value.isFinite { note(.numberWithoutForm) }
    DoubleCodec.writeJSON(value, into: &self)
  }

  /// `google.protobuf.Any`: the message inside, with its type as a member `@type`; a message whose
  /// JSON is a form of its own stands in a member `value`. Of a type that is not among `types`, or
  /// bytes that are not such a message, `value` is the bytes in base64.
  package mutating func any(
    _ typeUrl: String, _ value: [UInt8], types: [String: ProtoMessageType]
  ) {
    beginObject()
    if !typeUrl.isEmpty { field(StringCodec.self, typeUrl, name: anyTypeMember) }
    let typeName = typeUrl.split(separator: "/").last.map(String.init) ?? ""
    var inner = ProtoJSONWriter()
    inner.anyDepth = anyDepth + 1
    if anyDepth < maximumAnyDepth, let type = types[typeName],
      (try? type.writeJSON(decoding: value, into: &inner)) != nil
    {
      splice(inner, isOwnForm: type.hasOwnJSONForm)
    } else {
      if !typeUrl.isEmpty || !value.isEmpty { note(.anyWithoutForm) }
      if !value.isEmpty { field(BytesCodec.self, value, name: "value") }
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

/// `show_id` → `showId`, and whether the way back leads to the same path: it does not when there are
/// capitals, or underscores with anything but a small letter behind.
private func camelCase(_ path: String) -> (camel: String, comesBack: Bool) {
  var camel: [UInt8] = []
  var comesBack = true
  var raisesNext = false
  for byte in path.utf8 {
    let isSmall = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    switch byte {
    case _ where raisesNext && !isSmall: comesBack = false
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: ","): comesBack = false
    default: break
    }
    if byte == UInt8(ascii: "_") {
      raisesNext = true
    } else {
      camel.append(raisesNext && isSmall ? byte & ~0x20 : byte)
      raisesNext = false
    }
  }
  return (String(decoding: camel, as: UTF8.self), comesBack && !raisesNext)
}
