// Call metadata: ordered name-value pairs. Names are lower-case; values of `-bin` names are bytes,
// kept here in their base64 form as they travel.

import Bytes

/// Initial or trailing metadata of a call, in order of appearance.
package struct Metadata: Sendable, Equatable {
  /// One pair.
  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String
  }

  /// All pairs.
  package private(set) var fields: [Field] = []

  package init() {}

  /// Whether there are none.
  package var isEmpty: Bool { fields.isEmpty }

  /// The last value of a name, or nil.
  package subscript(name: String) -> String? {
    fields.last { $0.name == name }?.value
  }

  /// All values of a name, in order.
  package func values(_ name: String) -> [String] {
    fields.lazy.filter { $0.name == name }.map(\.value)
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
    fields.append(Field(name: name, value: value))
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
    fields.append(Field(name: name, value: value))
  }

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
