// Walks over HTTP/2 frames (RFC 9113, section 4.1) without looking into them.

/// Whole frames at the front of bytes that grow.
struct FrameScanner {
  private var rest: [UInt8] = []
  /// Whether the bytes so far end with a frame.
  var isAtBoundary: Bool { rest.isEmpty }

  /// Takes bytes and returns the frames that they complete: type, flags, stream and payload.
  mutating func take(
    _ bytes: some Sequence<UInt8>
  ) -> [(type: UInt8, flags: UInt8, stream: UInt32, payload: ArraySlice<UInt8>)] {
    rest.append(contentsOf: bytes)
    var frames: [(type: UInt8, flags: UInt8, stream: UInt32, payload: ArraySlice<UInt8>)] = []
    var start = 0
    while rest.count - start >= 9 {
      let length = rest[start..<start + 3].reduce(0) { $0 << 8 | Int($1) }
      let end = start + 9 + length
      guard end <= rest.count else { break }
      let stream = rest[start + 5..<start + 9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
      frames.append((rest[start + 3], rest[start + 4], stream, rest[start + 9..<end]))
      start = end
    }
    rest.removeFirst(start)
    return frames
  }
}
