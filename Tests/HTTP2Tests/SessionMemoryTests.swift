// Memory for nghttp2: blocks come back, keep what is in them when they grow, and are not kept for ever.

import Testing

@testable import HTTP2

@Suite struct SessionMemoryTests {
  @Test(arguments: [0, 1, 31, 32, 33, 1_023, 1_024])
  func aFreedBlockIsTheNextOfItsSize(byteCount: Int) throws {
    let memory = SessionMemory()
    let block = try #require(memory.allocate(byteCount))
    let other = try #require(memory.allocate(byteCount))
    #expect(block != other && Int(bitPattern: block) % 16 == 0 && Int(bitPattern: other) % 16 == 0)
    memory.deallocate(block)
    #expect(memory.allocate(byteCount) == block)
    memory.deallocate(block)
    memory.deallocate(other)
  }

  @Test func aBlockOfAnotherSizeIsAnother() throws {
    let memory = SessionMemory()
    let block = try #require(memory.allocate(64))
    memory.deallocate(block)
    let larger = try #require(memory.allocate(65))
    #expect(larger != block)
    #expect(memory.allocate(33) == block, "33 and 64 bytes take the same room")
    memory.deallocate(larger)
    memory.deallocate(block)
  }

  /// 0 → 10 → … → 5,000 bytes: through the sizes that are kept and beyond them.
  @Test func aBlockThatGrowsKeepsItsBytes() throws {
    let memory = SessionMemory()
    var block: UnsafeMutableRawPointer?
    var filled = 0
    for byteCount in [10, 32, 33, 700, 1_024, 1_025, 5_000] {
      let grown = try #require(memory.reallocate(block, byteCount))
      for index in 0..<filled {
        #expect(grown.load(fromByteOffset: index, as: UInt8.self) == UInt8(index & 0xff))
      }
      for index in filled..<byteCount {
        grown.storeBytes(of: UInt8(index & 0xff), toByteOffset: index, as: UInt8.self)
      }
      (block, filled) = (grown, byteCount)
    }
    #expect(memory.reallocate(block, 4_000) == block, "nothing shrinks")
    memory.deallocate(block)
  }

  @Test func onlySoMuchIsKept() throws {
    let memory = SessionMemory()
    let blocks = try (0..<2 * Limits.freeSessionBytes / 1_024).map { _ in
      try #require(memory.allocate(1_024))
    }
    for block in blocks { memory.deallocate(block) }
    #expect(memory.freeByteCount == Limits.freeSessionBytes)
  }
}
