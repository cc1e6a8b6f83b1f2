// Call metadata: ordered name-value pairs. Names are lower-case; values of `-bin` names are bytes,
// kept here in their base64 form as they travel.

package import Bytes

/// Initial or trailing metadata of a call, in order of appearance.
package struct Metadata: Sendable, Equatable {
  /// One pair.
  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String
  }

  /// The pairs as they travel. Of a request all header fields are kept, because most handlers read
  /// none and taking the reserved ones out costs more than passing over them. Nil when there are
  /// none at all, as in most responses: copies of nothing should cost nothing.
  private var block: HeaderBlock?
  private var hidesReserved = false

  package init() {}

  /// The metadata among a request's header fields: all but pseudo-headers, `grpc-…`,
  /// `content-type` and `te`.
  package init(ofRequest block: HeaderBlock) {
    self.block = block
    hidesReserved = true
  }

  /// All pairs.
  package var fields: [Field] {
    guard let block else { return [] }
    return (0..<block.count).compactMap { index in
      isHidden(block, index) ? nil : Field(name: block.name(index), value: block.value(index))
    }
  }

  /// Whether there are none.
  package var isEmpty: Bool {
    guard let block else { return true }
    return (0..<block.count).allSatisfy { isHidden(block, $0) }
  }

  /// The last value of a name, or nil.
  package subscript(name: String) -> String? {
    guard let block else { return nil }
    return (0..<block.count).last { block.hasName($0, name) && !isHidden(block, $0) }
      .map { block.value($0) }
  }

  /// All values of a name, in order.
  package func values(_ name: String) -> [String] {
    guard let block else { return [] }
    return (0..<block.count).filter { block.hasName($0, name) && !isHidden(block, $0) }
      .map { block.value($0) }
  }

  private func isHidden(_ block: HeaderBlock, _ index: Int) -> Bool {
    hidesReserved && Self.isReserved(block, index)
  }

  private static func isReserved(_ block: HeaderBlock, _ index: Int) -> Bool {
    block.nameBegins(index, with: ":") || block.nameBegins(index, with: "grpc-")
      || block.hasName(index, "content-type") || block.hasName(index, "te")
  }

  /// The decoded values of a `-bin` name; values that are not base64 are left out. Padded and
  /// unpadded forms and comma-joined lists are understood.
  package func binaryValues(_ name: String) -> [[UInt8]] {
    values(name).flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .compactMap { Base64.decode($0.utf8) }
  }

  /// Appends a pair unless it cannot travel; returns whether it was appended. A name must be of
  /// `0-9 a-z _ - .`, a value of printable ASCII.
  @discardableResult
  package mutating func append(_ name: String, _ value: String) -> Bool {
    guard Self.isValid(name: name), Self.isValid(value: value) else { return false }
    append(verified: name, value)
    return true
  }

  /// Appends bytes under a name ending in `-bin`; returns whether the name is valid.
  @discardableResult
  package mutating func append(_ name: String, binary: [UInt8]) -> Bool {
    guard name.hasSuffix("-bin") else { return false }
    return append(name, Base64.encode(binary, padded: false))
  }

  /// Appends a pair that a peer's header block already proved well-formed.
  package mutating func append(verified name: String, _ value: String) {
    if block == nil { block = HeaderBlock() }
    block?.append(name, value)
  }

  package static func == (left: Metadata, right: Metadata) -> Bool { left.fields == right.fields }

  private static func isValid(name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  private static func isValid(value: String) -> Bool {
    value.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7e }
  }
}
