// Message framing: any cut of the bytes gives the same messages; bad prefixes are refused at once.

import RPC
import Testing

@Suite struct EnvelopeReaderTests {
  /// Hands bytes to a reader and returns the messages they complete.
  private final class Feed {
    var reader: EnvelopeReader
    init(limitBytes: Int) { reader = EnvelopeReader(limitBytes: limitBytes) }
    var isAtBoundary: Bool { reader.isAtBoundary }

    func read(_ bytes: [UInt8]) throws -> [[UInt8]] {
      var sealed: [ReceivedMessage] = []
      try bytes.withUnsafeBytes { raw in
        var rest = raw[...]
        while let message = try reader.next(&rest) { sealed.append(message) }
      }
      return try sealed.map { try EnvelopeReader.open($0, limitBytes: reader.limitBytes) }
    }
  }

  @Test func everyCutGivesTheSameMessages() throws {
    let wire: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9]
    for size in 1...wire.count {
      let reader = Feed(limitBytes: 10)
      var messages: [[UInt8]] = []
      for start in stride(from: 0, to: wire.count, by: size) {
        messages += try reader.read(Array(wire[start..<min(start + size, wire.count)]))
      }
      #expect(messages == [[1, 2, 3], [], [9]])
      #expect(reader.isAtBoundary)
    }
  }

  @Test func theLimitHoldsAtThePrefix() throws {
    let reader = Feed(limitBytes: 10)
    #expect(try reader.read([0, 0, 0, 0, 10]) == [])
    let strict = Feed(limitBytes: 9)
    let error = #expect(throws: RPCError.self) { try strict.read([0, 0, 0, 0, 10]) }
    #expect(error == RPCError(.resourceExhausted, "a message of 10 bytes exceeds the limit of 9"))
    let huge = Feed(limitBytes: 4 << 20)
    #expect(throws: RPCError.self) { try huge.read([0, 255, 255, 255, 255]) }
  }

  @Test(arguments: [1, 2, 255] as [UInt8])
  func flagsOtherThanZeroAreRefused(flag: UInt8) {
    let reader = Feed(limitBytes: 10)
    let error = #expect(throws: RPCError.self) { try reader.read([flag, 0, 0, 0, 1, 5]) }
    #expect(error?.code == .internal)
  }

  /// "usher" as gzip wrote it.
  private static let gzipped: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 45, 206, 72, 45, 2, 0, 186, 130, 223, 110, 5, 0, 0, 0,
  ]

  @Test func compressedMessagesAreInflatedWhereGzipWasDeclared() throws {
    let feed = Feed(limitBytes: 100)
    feed.reader.isGzip = true
    let envelope: [UInt8] = [1, 0, 0, 0, 25] + Self.gzipped
    #expect(try feed.read(envelope) == [Array("usher".utf8)])
    #expect(try feed.read([0, 0, 0, 0, 1, 9]) == [[9]], "single messages may come as they are")
  }

  @Test func damagedAndBloatingMessagesAreRefused() {
    for cut in 0..<25 {
      let feed = Feed(limitBytes: 100)
      feed.reader.isGzip = true
      let error = #expect(throws: RPCError.self) {
        try feed.read([1, 0, 0, 0, UInt8(cut)] + Self.gzipped.prefix(cut))
      }
      #expect(error?.code == .internal)
    }
    let small = Feed(limitBytes: 25)
    small.reader.isGzip = true
    let bomb: [UInt8] = Self.gzipped
    #expect(throws: RPCError.self) { try small.read([1, 0, 0, 0, 26] + bomb + [0]) }
  }

  @Test func aPartIsNotABoundary() throws {
    let reader = Feed(limitBytes: 10)
    _ = try reader.read([0, 0])
    #expect(!reader.isAtBoundary)
    _ = try reader.read([0, 0, 2, 1])
    #expect(!reader.isAtBoundary)
    #expect(try reader.read([2]) == [[1, 2]])
  }
}
