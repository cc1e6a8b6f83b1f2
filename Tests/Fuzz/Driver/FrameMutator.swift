// Changes a sequence of HTTP/2 frames into another one: byte by byte hardly any change would leave
// lengths, header blocks and stream numbers whole, and nothing behind them would be reached.

/// One frame; its length is that of its payload.
struct Frame {
  var type: UInt8
  var flags: UInt8
  var stream: UInt32
  var payload: [UInt8]

  var bytes: [UInt8] {
    let length = UInt32(payload.count)
    return [length >> 16, length >> 8, length].map { UInt8(truncatingIfNeeded: $0) }
      + [type, flags]
      + [stream >> 24, stream >> 16, stream >> 8, stream].map { UInt8(truncatingIfNeeded: $0) }
      + payload
  }
}

/// Changes one input.
struct FrameMutator {
  private let head: [UInt8]
  private var frames: [Frame] = []
  private var tail: [UInt8]
  private var material: FrameMaterial

  /// Reads frames as far as there are whole ones. `answers` when they are a server's.
  init(_ input: [UInt8], headByteCount: Int, answers: Bool, seed: UInt32) {
    head = Array(input.prefix(headByteCount))
    material = FrameMaterial(answers: answers || (head.first ?? 0) & 1 == 1, seed: seed)
    tail = Array(input.dropFirst(headByteCount))
    while let frame = nextFrame() { frames.append(frame) }
  }

  private mutating func nextFrame() -> Frame? {
    guard tail.count >= 9 else { return nil }
    let length = tail[0..<3].reduce(0) { $0 << 8 | Int($1) }
    guard tail.count >= 9 + length else { return nil }
    let stream = tail[5..<9].reduce(0) { $0 << 8 | UInt32($1) }
    let frame = Frame(
      type: tail[3], flags: tail[4], stream: stream, payload: Array(tail[9..<9 + length]))
    tail.removeFirst(9 + length)
    return frame
  }

  /// The input after one to four changes.
  mutating func mutated() -> [UInt8] {
    if material.chance(1, of: 8) { return changed(joined, room: 64) }
    for _ in 0...material.below(4) { change() }
    if material.chance(3, of: 4) { tail = [] }
    return joined
  }

  private var joined: [UInt8] {
    let head = head.isEmpty ? head : [material.peek & 1 == 0 ? head[0] : head[0] & 3]
    return head + frames.flatMap(\.bytes) + tail
  }

  private mutating func change() {
    let place = material.below(frames.count + 1)
    guard place < frames.count, material.chance(2, of: 3) else {
      return frames.insert(contentsOf: material.frames(), at: place)
    }
    switch material.below(8) {
    case 0: frames.remove(at: place)
    case 1: frames.insert(frames[place], at: place)
    case 2: frames.swapAt(place, material.below(frames.count))
    case 3: frames[place].stream = material.stream
    case 4: frames[place].flags ^= 1 << UInt8(material.below(8))
    case 5: frames[place].type = UInt8(material.below(11))
    default: frames[place].payload = changed(frames[place].payload, room: 16)
    }
  }

  /// libFuzzer's own changes, which know the values that code compares with.
  private func changed(_ bytes: [UInt8], room: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes.count + room) { buffer, count in
      _ = buffer.initialize(from: bytes)
      guard let start = buffer.baseAddress else { return }
      count = mutateBytes(start, bytes.count, bytes.count + room)
    }
  }
}
