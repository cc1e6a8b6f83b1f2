// How deep and how large a decoded message may become, at the boundary.

import ProtoSupport
import ProtoWire
import Testing

@Suite struct LimitTests {
  /// A message inside `depth` others by way of the field with this number.
  private func nested(_ number: Int32, _ depth: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<depth { bytes = WireText.lengthDelimited(number, bytes) }
    return bytes
  }

  @Test(arguments: [2, 3, 5, 7] as [Int32]) func messagesNestToTheLimit(_ number: Int32) throws {
    let deepest = nested(number, 100)
    #expect(try V1.Node(protoBytes: deepest).protoBytes() == deepest)
    #expect(refusal(V1.Node.self, nested(number, 101))?.code == .tooDeep)
    #expect(refusal(V1.Node.self, nested(number, 5_000))?.code == .tooDeep)
  }

  @Test func mapEntriesCountAsDepth() {
    func nested(_ depth: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for _ in 0..<depth { bytes = WireText.lengthDelimited(4, WireText.lengthDelimited(2, bytes)) }
      return bytes
    }
    #expect(refusal(V1.Node.self, nested(50)) == nil)
    #expect(refusal(V1.Node.self, nested(51))?.code == .tooDeep)
  }

  @Test func depthIsGivenBack() {
    let siblings = (0..<500).flatMap { _ in nested(3, 100) }
    var limits = ProtoLimits()
    limits.memoryFloorBytes = .max
    limits.memoryPerByte = 0
    #expect(refusal(V1.Node.self, siblings, limits: limits) == nil)
  }

  @Test func aLowerDepthHolds() {
    var limits = ProtoLimits()
    limits.depth = 1
    #expect(refusal(V1.Node.self, nested(2, 1), limits: limits) == nil)
    #expect(refusal(V1.Node.self, nested(2, 2), limits: limits)?.code == .tooDeep)
    limits.depth = 0
    #expect(refusal(V1.Node.self, nested(2, 1), limits: limits)?.code == .tooDeep)
  }

  /// Two bytes on the wire, hundreds in memory: past the floor, memory is bounded by the length.
  @Test func emptyElementsCannotFillMemory() throws {
    let flood = [UInt8](repeating: 0, count: 200_000).enumerated().map {
      UInt8($0.offset % 2 == 0 ? 0x1A : 0)
    }
    let error = try #require(refusal(V1.Node.self, flood))
    #expect(error.code == .tooManyElements)
    let budget = (1 << 20) + 32 * flood.count
    let accepted = (error.byteOffset / 2) * MemoryLayout<V1.Node>.stride
    #expect(accepted <= budget)
    #expect(accepted > budget / 2)
  }

  @Test(arguments: ["2200", "1A00", "1200"]) func everyKindOfElementIsCharged(_ element: String) {
    var limits = ProtoLimits()
    limits.memoryFloorBytes = 1_000
    limits.memoryPerByte = 0
    let flood = (0..<1_000).flatMap { _ in hex(element) }
    #expect(refusal(V1.Node.self, flood, limits: limits)?.code == .tooManyElements)
  }

  @Test func scalarsAndStringsAreCharged() {
    var limits = ProtoLimits()
    limits.memoryFloorBytes = 32 + 8 * 10
    limits.memoryPerByte = 0
    func packed(_ count: Int) -> [UInt8] {
      WireText.lengthDelimited(4, [UInt8](repeating: 1, count: count))
    }
    #expect(refusal(V1.Repeated.self, packed(10), limits: limits) == nil)
    #expect(refusal(V1.Repeated.self, packed(11), limits: limits)?.code == .tooManyElements)
    let strings = (0..<10).flatMap { _ in hex("7200") }
    #expect(refusal(V1.Repeated.self, strings, limits: limits)?.code == .tooManyElements)
    let entries = (0..<10).flatMap { _ in hex("0A00") }
    #expect(refusal(V1.Keys.self, entries, limits: limits)?.code == .tooManyElements)
  }

  @Test func ordinaryMessagesStayWithinTheBudget() {
    // 4 MiB of seats as a seat map would send them.
    let leaf = V1.Repeated(fLeaf: [V1.Leaf(number: 1, text: "F12")]).protoBytes()
    let bytes = (0..<(4 << 20) / leaf.count).flatMap { _ in leaf }
    #expect(refusal(V1.Repeated.self, bytes) == nil)
  }

  /// Merging one field over and over must not copy what is there each time.
  @Test(.timeLimit(.minutes(1)), arguments: [2, 5, 7] as [Int32])
  func mergingIsLinear(_ number: Int32) throws {
    let once = WireText.lengthDelimited(number, hex("1A00"))
    var limits = ProtoLimits()
    limits.memoryFloorBytes = .max
    limits.memoryPerByte = 0
    let message = try V1.Node(
      protoBytes: (0..<50_000).flatMap { _ in once }, limits: limits)
    var inner = message.next ?? message.spare
    if case .left(let left)? = message.link { inner = left }
    #expect(inner?.children.count == 50_000)
  }
}
