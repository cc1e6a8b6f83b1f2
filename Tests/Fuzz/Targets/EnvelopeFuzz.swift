// Length-prefixed messages, cut anywhere.

import RPC

enum EnvelopeFuzz {
  private static let limitBytes = 64 << 10

  /// First byte: bit 0 gzip declared; the rest the size of the pieces. Any cut gives the same.
  static func run(_ input: [UInt8]) {
    guard let control = input.first else { return }
    let bytes = Array(input.dropFirst())
    let isGzip = control & 1 == 1
    let whole = read(bytes, pieceBytes: max(1, bytes.count), isGzip)
    let cut = read(bytes, pieceBytes: max(1, Int(control >> 1)), isGzip)
    precondition(whole == cut, "the cut of the bytes matters")
  }

  private static func read(_ bytes: [UInt8], pieceBytes: Int, _ isGzip: Bool) -> [[UInt8]?] {
    var reader = EnvelopeReader(limitBytes: limitBytes)
    reader.isGzip = isGzip
    var messages: [[UInt8]?] = []
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      let piece = Array(bytes[start..<min(start + pieceBytes, bytes.count)])
      do {
        try piece.withUnsafeBytes { raw in
          var rest = raw[...]
          while let message = try reader.next(&rest) {
            let opened = try? EnvelopeReader.open(message, limitBytes: limitBytes)
            precondition((opened?.count ?? 0) <= limitBytes)
            messages.append(opened)
          }
        }
      } catch {
        return messages + [nil]
      }
    }
    return messages
  }
}
