// The well-known types that JSON has a form of its own for, read: points in time, durations, field
// masks, and the message inside an Any.

extension ProtoJSONReader {
  /// `google.protobuf.Timestamp`: RFC 3339 with a capital T, and Z or an offset.
  package mutating func timestamp() throws(ProtoJSONError) -> (seconds: Int64, nanos: Int32) {
    let content = Array(try readString().utf8)
    guard let time = parsedTimestamp(content[...]), timestampSeconds.contains(time.seconds) else {
      throw fail(.invalidTimestamp)
    }
    return time
  }

  /// `google.protobuf.Duration`: seconds, perhaps with a fraction, and an `s` behind.
  package mutating func duration() throws(ProtoJSONError) -> (seconds: Int64, nanos: Int32) {
    let content = Array(try readString().utf8)
    var cursor = DigitCursor(content[...])
    let isNegative = cursor.take(UInt8(ascii: "-"))
    guard let seconds = DigitCursor.value(cursor.digits()), let nanos = cursor.nanos(),
      cursor.take(UInt8(ascii: "s")), cursor.rest.isEmpty, durationSeconds.contains(seconds)
    else { throw fail(.invalidDuration) }
    return isNegative ? (-seconds, -nanos) : (seconds, nanos)
  }

  /// `google.protobuf.FieldMask`: paths in lowerCamelCase, separated by commas.
  package mutating func fieldMask() throws(ProtoJSONError) -> [String] {
    let content = try readString()
    if content.isEmpty { return [] }
    var paths: [String] = []
    for path in content.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      // A comma takes one byte of text, a path without letters 16 of memory.
      try charge(StringCodec.memoryBytes)
      guard let snake = snakeCase(path) else { throw fail(.invalidFieldMask) }
      paths.append(snake)
    }
    return paths
  }

  /// `google.protobuf.Any`: the members of the message inside beside `@type`, which may stand
  /// anywhere among them; a message with a form of its own in a member `value`.
  package mutating func any(
    types: [String: ProtoMessageType]
  ) throws(ProtoJSONError) -> (typeUrl: String, value: [UInt8]) {
    guard try peek() == .object else { throw fail(.wrongKind) }
    let start = offset
    guard anyDepthLeft > 0 else { throw fail(.tooDeep) }
    guard let typeUrl = try findType() else { return ("", []) }
    guard let slash = typeUrl.lastIndex(of: "/"), typeUrl.index(after: slash) < typeUrl.endIndex
    else { throw fail(.invalidAny, at: start) }
    guard let type = types[String(typeUrl[slash...].dropFirst())] else {
      throw fail(.unknownType, at: start)
    }
    offset = start
    anyDepthLeft -= 1
    try enter()
    let value = try type.protoBytes(fromAny: &self)
    leave()
    anyDepthLeft += 1
    return (typeUrl, value)
  }

  /// Goes through an object for its `@type`; nil when the object is empty.
  private mutating func findType() throws(ProtoJSONError) -> String? {
    let start = offset
    var found: String?
    var isFirst = true
    try beginObject()
    while let name = try nextName(&isFirst) {
      guard name == anyTypeMember else {
        try skipValue()
        continue
      }
      guard found == nil else { throw fail(.duplicate) }
      found = try readString()
    }
    guard found != nil || isFirst else { throw fail(.invalidAny, at: start) }
    return found
  }

  /// Reads `{"@type": …, "value": …}`, whose value is the message.
  mutating func readOwnForm<M: ProtoJSONMessage>(of message: inout M) throws(ProtoJSONError) {
    let start = offset
    var isFirst = true
    var hasValue = false
    try beginObject()
    while let name = try nextName(&isFirst) {
      switch name {
      case "value":
        guard !hasValue else { throw fail(.duplicate) }
        hasValue = true
        try message.readJSON(from: &self)
      case anyTypeMember: try skipValue()
      default:
        guard ignoresUnknown else { throw fail(.unknownField) }
        try skipValue()
      }
    }
    guard hasValue else { throw fail(.invalidAny, at: start) }
  }
}

/// `2026-01-31T20:15:00.5+05:30` as seconds and nanoseconds; nil for anything else.
private func parsedTimestamp(_ text: ArraySlice<UInt8>) -> (seconds: Int64, nanos: Int32)? {
  var cursor = DigitCursor(text)
  guard let year = cursor.number(digitCount: 4), cursor.take(UInt8(ascii: "-")),
    let month = cursor.number(digitCount: 2), cursor.take(UInt8(ascii: "-")),
    let day = cursor.number(digitCount: 2), cursor.take(UInt8(ascii: "T")),
    let days = CivilDate(year: year, month: month, day: day).daysSince1970,
    let minute = minuteOfDay(&cursor), cursor.take(UInt8(ascii: ":")),
    let second = cursor.number(digitCount: 2), second < 60, let nanos = cursor.nanos(),
    let offset = zoneMinutes(&cursor), cursor.rest.isEmpty
  else { return nil }
  return (days * 86_400 + (minute - offset) * 60 + second, nanos)
}

/// `hh:mm`
private func minuteOfDay(_ cursor: inout DigitCursor) -> Int64? {
  guard let hour = cursor.number(digitCount: 2), hour < 24, cursor.take(UInt8(ascii: ":")),
    let minute = cursor.number(digitCount: 2), minute < 60
  else { return nil }
  return hour * 60 + minute
}

/// `Z`, or minutes east of Greenwich as `+hh:mm` or `-hh:mm`.
private func zoneMinutes(_ cursor: inout DigitCursor) -> Int64? {
  if cursor.take(UInt8(ascii: "Z")) { return 0 }
  if cursor.take(UInt8(ascii: "+")) { return minuteOfDay(&cursor) }
  return cursor.take(UInt8(ascii: "-")) ? minuteOfDay(&cursor).map { -$0 } : nil
}

/// `showId` → `show_id`; nil for a path with an underscore, which lowerCamelCase does not have.
private func snakeCase(_ path: Substring.UTF8View) -> String? {
  var snake: [UInt8] = []
  for byte in path {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): snake += [UInt8(ascii: "_"), byte | 0x20]
    case UInt8(ascii: "_"): return nil
    default: snake.append(byte)
    }
  }
  return String(decoding: snake, as: UTF8.self)
}
