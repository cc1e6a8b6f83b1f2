// The bounds of decoding. They hold for every message, whoever sent it.

/// How deep a message may nest and how much memory its decoded form may take.
@usableFromInline package struct ProtoLimits: Sendable {
  /// Messages and groups inside one another, the outermost not counted; the value every stock
  /// protobuf runtime uses, so that a message accepted by one peer is accepted by the next.
  package var depth = 100
  /// Memory that any message may use for elements, however short it is: enough for thousands of
  /// small elements, so that no ordinary message ever meets the budget.
  package var memoryFloorBytes = 1 << 20
  /// Memory for elements granted on top per encoded byte. An empty element takes two bytes on the
  /// wire and its whole struct in memory: without a budget 4 MiB could become gigabytes. Ordinary
  /// messages stay under 10.
  package var memoryPerByte = 32

  package init() {}

  /// The budget of a message of this length.
  @usableFromInline func memoryBytes(forMessageOf byteCount: Int) -> Int {
    let (scaled, overflow) = byteCount.multipliedReportingOverflow(by: memoryPerByte)
    return overflow ? Int.max : memoryFloorBytes.addingReportingOverflow(scaled).partialValue
  }
}

/// The longest message, string or bytes field of the protobuf format: lengths are 31-bit.
@inlinable var maximumLength: UInt64 { 0x7FFF_FFFF }
