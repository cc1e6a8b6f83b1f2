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
  /// none and taking the reserved ones out costs more than passing over them.
  private var block = HeaderBlock()
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
    indices.map { Field(name: block.name($0), value: block.value($0)) }
  }

  /// Whether there are none.
  package var isEmpty: Bool { indices.isEmpty }

  /// The last value of a name, or nil.
  package subscript(name: String) -> String? {
    indices.last { block.hasName($0, name) }.map { block.value($0) }
  }

  /// All values of a name, in order.
  package func values(_ name: String) -> [String] {
    indices.filter { block.hasName($0, name) }.map { block.value($0) }
  }

  private var indices: [Int] {
    (0..<block.count).filter { !hidesReserved || !Self.isReserved(block, $0) }
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
    block.append(name, value)
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
    block.append(name, value)
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
