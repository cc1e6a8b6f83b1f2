// Frames that mean something: whole calls, header blocks with the fields that gRPC knows, messages
// in envelopes, settings, resets.

/// Makes frames by chance.
struct FrameMaterial {
  /// Whether the frames are a server's.
  private let answers: Bool
  private var state: UInt64

  init(answers: Bool, seed: UInt32) {
    self.answers = answers
    state = UInt64(seed)
  }

  // MARK: Chance

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return peek
  }

  /// The present number.
  var peek: UInt64 {
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
    return bits ^ bits >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func chance(_ part: Int, of whole: Int) -> Bool { below(whole) < part }

  private mutating func one<T>(of choices: [T]) -> T { choices[below(choices.count)] }

  /// Mostly one of the first streams.
  var stream: UInt32 {
    mutating get { one(of: [1, 1, 1, 3, 3, 5, 5, 7, 9, 0, 2, 0x7fff_ffff]) }
  }

  // MARK: Frames

  /// One frame, or a whole call.
  mutating func frames() -> [Frame] {
    let stream = stream
    switch below(12) {
    case 0, 1, 2: return call(stream)
    case 3: return [headers(stream, opening, flags: one(of: [4, 5, 0]))]
    case 4: return [headers(stream, closing, flags: 5)]
    case 5: return [Frame(type: 0, flags: one(of: [0, 1]), stream: stream, payload: message())]
    case 6:
      return [
        Frame(type: 3, flags: 0, stream: stream, payload: [0, 0, 0, one(of: [0, 7, 8, 11])])
      ]
    case 7: return [Frame(type: 4, flags: one(of: [0, 0, 1]), stream: 0, payload: settings())]
    case 8:
      return [
        Frame(type: 6, flags: one(of: [0, 1]), stream: 0, payload: Array(repeating: 1, count: 8))
      ]
    case 9:
      return [
        Frame(
          type: 7, flags: 0, stream: 0,
          payload: [0, 0, 0, UInt8(below(6)), 0, 0, 0, one(of: [0, 11])]
            + Array("too_many_pings".utf8))
      ]
    case 10:
      return [
        Frame(
          type: 8, flags: 0, stream: one(of: [0, stream]),
          payload: [one(of: [0, 0x7f]), 0, 255, 255])
      ]
    default:
      return [Frame(type: 9, flags: one(of: [0, 4]), stream: stream, payload: block([field()]))]
    }
  }

  private mutating func call(_ stream: UInt32) -> [Frame] {
    var frames = [headers(stream, opening, flags: 4)]
    for _ in 0..<below(3) {
      frames.append(Frame(type: 0, flags: 0, stream: stream, payload: message()))
    }
    if answers {
      frames.append(headers(stream, closing, flags: 5))
    } else {
      frames.append(Frame(type: 0, flags: 1, stream: stream, payload: message()))
    }
    return frames
  }

  /// Identifier and value of up to three settings.
  private mutating func settings() -> [UInt8] {
    (0..<below(4)).flatMap { _ in
      [0, UInt8(1 + below(9)), 0, 0, one(of: [0, 64, 255]), one(of: [0, 1, 100, 255])]
    }
  }

  /// An envelope with a small message, compressed or not, or with a length that is wrong.
  private mutating func message() -> [UInt8] {
    // {"code": 1}, by gzip.
    let zipped: [UInt8] = [
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3, 0xe3, 0x60, 4, 0, 0x61, 0xa8, 7, 0xfe, 2, 0, 0, 0,
    ]
    switch below(6) {
    case 0: return [0, 0, 0, 0, 0]
    case 1: return [1, 0, 0, 0, UInt8(zipped.count)] + zipped
    case 2: return [0, 0, 0, one(of: [0, 0x40, 0xff]), UInt8(below(256)), 8, 1]
    case 3: return []
    default: return [0, 0, 0, 0, 7, 8, 1, 18, 3, 97, 98, 99]
    }
  }

  // MARK: Header blocks

  private mutating func headers(
    _ stream: UInt32, _ fields: [(String, String)], flags: UInt8
  ) -> Frame {
    var fields = fields
    for _ in 0..<below(4) { fields.append(field()) }
    if chance(1, of: 8), !fields.isEmpty { fields.remove(at: below(fields.count)) }
    return Frame(type: 1, flags: flags, stream: stream, payload: block(fields))
  }

  private var opening: [(String, String)] {
    mutating get {
      let type = ("content-type", one(of: ["application/grpc", "application/grpc+proto"]))
      guard !answers else {
        return [(":status", one(of: ["200", "200", "200", "103", "404", "503"])), type]
      }
      let path = one(of: ["/t/U", "/t/S", "/t/C", "/t/B", "/t/X", "/"])
      return [
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), type,
        ("te", "trailers"),
      ]
    }
  }

  private var closing: [(String, String)] {
    mutating get { [("grpc-status", one(of: ["0", "0", "8", "13", "14", "99", "-1"]))] }
  }

  private mutating func field() -> (String, String) {
    one(of: [
      ("grpc-timeout", one(of: ["1n", "99999999H", "5S", "0m", "123456789S", ""])),
      ("grpc-encoding", one(of: ["gzip", "identity", "br"])),
      ("grpc-accept-encoding", one(of: ["gzip", "identity,gzip", ",,gzip;q=1"])),
      ("grpc-message", one(of: ["no%20seat", "%", "%ff%zz", "%E2%82%AC"])),
      // A google.rpc.Status with a RetryInfo of one millisecond.
      (
        "grpc-status-details-bin",
        one(of: [
          "CA4aMgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIGCgQQwIQ9", "CAE=", "!",
        ])
      ),
      ("grpc-retry-pushback-ms", one(of: ["1", "-1", "x", "0", "2147483648"])),
      ("x-bin", one(of: ["AAEC", "AAEC,", "A", "AA=="])),
      ("x-text", one(of: ["", "a b", "é"])),
      ("content-type", "text/html"), ("te", "gzip"), ("connection", "close"),
      ("content-length", one(of: ["0", "5", "-1"])), ("X-Upper", "1"), (":path", "/t/U"),
      ("authorization", "Bearer key"), ("cookie", "a=b"),
    ])
  }

  /// HPACK (RFC 7541) without Huffman codes: literals that are indexed or not, and now and then the
  /// newest entry of the table.
  private mutating func block(_ fields: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields where name.utf8.count < 127 && value.utf8.count < 127 {
      bytes.append(chance(1, of: 4) ? 0x40 : 0)
      bytes += [UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
      if chance(1, of: 16) { bytes.append(one(of: [0xbe, 0x82, 0xff])) }
    }
    return bytes
  }
}
