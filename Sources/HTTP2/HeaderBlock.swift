// A list of header fields in one piece of memory.

import CNghttp2

/// Header fields in order, pseudo-headers included.
package struct HeaderBlock: Sendable, Equatable {
  private struct Range: Sendable, Equatable {
    let start: Int
    let nameEnd: Int
    let valueEnd: Int
  }

  private var bytes: [UInt8] = []
  private var ranges: [Range] = []
  /// The size that header-list limits count: names, values and 32 per field (RFC 9113, 6.5.2).
  package private(set) var listByteCount = 0

  package init() {}

  /// Builds a block from pairs.
  package init(_ pairs: [(String, String)]) {
    for (name, value) in pairs { append(name, value) }
  }

  /// Number of fields.
  package var count: Int { ranges.count }

  /// Appends a field.
  package mutating func append(_ name: String, _ value: String) {
    append(name.utf8, value.utf8)
  }

  mutating func append(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    let nameEnd = bytes.count
    bytes.append(contentsOf: value)
    ranges.append(Range(start: start, nameEnd: nameEnd, valueEnd: bytes.count))
    listByteCount += name.count + value.count + 32
  }

  /// Name of the field at an index.
  package func name(_ index: Int) -> String {
    String(decoding: bytes[ranges[index].start..<ranges[index].nameEnd], as: UTF8.self)
  }

  /// Value of the field at an index.
  package func value(_ index: Int) -> String {
    String(decoding: bytes[ranges[index].nameEnd..<ranges[index].valueEnd], as: UTF8.self)
  }

  /// The first value of a name, or nil.
  package subscript(name: String) -> String? {
    for (index, range) in ranges.enumerated()
    where bytes[range.start..<range.nameEnd].elementsEqual(name.utf8) {
      return value(index)
    }
    return nil
  }

  /// Runs a body with the fields in the form nghttp2 takes. The pointers are valid inside only.
  func withNameValues<R>(
    _ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> R
  ) -> R {
    bytes.withUnsafeBufferPointer { memory in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: ranges.count) { pairs in
        for (index, range) in ranges.enumerated() {
          // SAFETY: nghttp2 declares the pointers mutable but copies name and value in submit.
          let base = UnsafeMutablePointer(mutating: memory.baseAddress)
          pairs.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: base.map { $0 + range.start }, value: base.map { $0 + range.nameEnd },
              namelen: range.nameEnd - range.start, valuelen: range.valueEnd - range.nameEnd,
              flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
        }
        return body(pairs)
      }
    }
  }
}
