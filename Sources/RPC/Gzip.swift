// The gzip message encoding (RFC 1952) on zlib. Inflation stops at a limit, so that a small message
// cannot become a large one.

import CZlib

enum Gzip {
  /// Why bytes could not be inflated.
  enum Failure: Error {
    /// The bytes are no complete gzip member.
    case malformed
    /// The result would exceed the limit.
    case tooLarge
  }

  private static let chunkBytes = 16 << 10

  /// Compresses bytes behind `prefixBytes` zero bytes, which the caller fills.
  static func compress(_ bytes: UnsafeRawBufferPointer, prefixBytes: Int) -> [UInt8]? {
    var stream = z_stream()
    guard usher_deflateInit_gzip(&stream, Z_BEST_SPEED) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    var isWhole = false
    let result = [UInt8](unsafeUninitializedCapacity: prefixBytes + bound) { output, count in
      output[..<prefixBytes].initialize(repeating: 0)
      // SAFETY: zlib declares its input mutable but only reads it; both buffers outlive the call.
      stream.next_in = UnsafeMutablePointer(
        mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(clamping: bytes.count)
      stream.next_out = output.baseAddress.map { $0 + prefixBytes }
      stream.avail_out = UInt32(clamping: bound)
      isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
      count = prefixBytes + Int(stream.total_out)
    }
    return isWhole ? result : nil
  }

  /// Inflates one gzip member to at most `limitBytes`.
  static func inflate(_ bytes: [UInt8], limitBytes: Int) throws(Failure) -> [UInt8] {
    var stream = z_stream()
    guard usher_inflateInit_gzip(&stream) == Z_OK else { throw .malformed }
    defer { inflateEnd(&stream) }
    var result: [UInt8] = []
    var code = Z_OK
    bytes.withUnsafeBufferPointer { input in
      // SAFETY: as in `compress`.
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(clamping: input.count)
      while code == Z_OK, result.count <= limitBytes { code = inflateChunk(&stream, &result) }
    }
    guard result.count <= limitBytes else { throw .tooLarge }
    guard code == Z_STREAM_END, stream.avail_in == 0 else { throw .malformed }
    return result
  }

  private static func inflateChunk(_ stream: inout z_stream, _ result: inout [UInt8]) -> Int32 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: chunkBytes) { chunk in
      stream.next_out = chunk.baseAddress
      stream.avail_out = UInt32(chunkBytes)
      let code = CZlib.inflate(&stream, Z_NO_FLUSH)
      result.append(contentsOf: chunk[..<(chunkBytes - Int(stream.avail_out))])
      return code
    }
  }

  /// The same message in a compressed envelope; the given one when compression gains nothing.
  static func envelope(_ envelope: [UInt8]) -> [UInt8] {
    let compressed = envelope.withUnsafeBytes { bytes in
      compress(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(5)), prefixBytes: 5)
    }
    guard var result = compressed, result.count < envelope.count else { return envelope }
    let length = UInt32(clamping: result.count - 5)
    result[0] = 1
    for index in 1...4 {
      result[index] = UInt8(truncatingIfNeeded: length >> UInt32(32 - 8 * index))
    }
    return result
  }
}
