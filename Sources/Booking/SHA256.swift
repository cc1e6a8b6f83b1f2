// SHA-256 (FIPS 180-4), for request hashes and stored API keys. Small inputs only: the whole
// message is in memory.

/// The SHA-256 digest function.
package enum SHA256 {
  /// The 32-byte digest of a message.
  package static func digest(_ message: [UInt8]) -> [UInt8] {
    var state = initial
    let bytes = message.span
    let wholeByteCount = bytes.count & ~63
    for start in stride(from: 0, to: wholeByteCount, by: 64) {
      compress(bytes.extracting(start..<start + 64), into: &state)
    }
    let end = ending(bytes.extracting(wholeByteCount..<bytes.count), of: bytes.count)
    for start in stride(from: 0, to: end.count, by: 64) {
      compress(end.span.extracting(start..<start + 64), into: &state)
    }
    var digest: [UInt8] = []
    digest.reserveCapacity(32)
    for index in state.indices { append(state[index], to: &digest) }
    return digest
  }

  /// What is left of the message behind its whole blocks, padded to one block or two.
  private static func ending(_ rest: Span<UInt8>, of byteCount: Int) -> [UInt8] {
    var end: [UInt8] = []
    end.reserveCapacity(128)
    for index in rest.indices { end.append(rest[index]) }
    end.append(0x80)
    while end.count % 64 != 56 { end.append(0) }
    let bitCount = UInt64(byteCount) &* 8
    append(UInt32(truncatingIfNeeded: bitCount >> 32), to: &end)
    append(UInt32(truncatingIfNeeded: bitCount), to: &end)
    return end
  }

  private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  private static func compress(_ block: Span<UInt8>, into state: inout InlineArray<8, UInt32>) {
    // The schedule's latest sixteen words, each in the place of the one sixteen before it.
    var w = InlineArray<16, UInt32> { index in
      UInt32(block[4 * index]) << 24 | UInt32(block[4 * index + 1]) << 16
        | UInt32(block[4 * index + 2]) << 8 | UInt32(block[4 * index + 3])
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for t in 0..<64 {
      if t >= 16 {
        let early = w[(t + 1) & 15], late = w[(t + 14) & 15]
        let s0 = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
        let s1 = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
        w[t & 15] = w[t & 15] &+ s0 &+ w[(t + 9) & 15] &+ s1
      }
      let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      let t1 = h &+ s1 &+ (e & f ^ ~e & g) &+ constants[t] &+ w[t & 15]
      let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      let t2 = s0 &+ (a & b ^ a & c ^ b & c)
      (h, g, f, e) = (g, f, e, d &+ t1)
      (d, c, b, a) = (c, b, a, t1 &+ t2)
    }
    let sums: InlineArray<8, UInt32> = [a, b, c, d, e, f, g, h]
    for index in sums.indices { state[index] = state[index] &+ sums[index] }
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  private static let initial: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5,
    0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3,
    0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc,
    0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13,
    0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3,
    0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5,
    0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208,
    0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]
}
