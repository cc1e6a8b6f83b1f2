// What makes two requests the same request: a canonical form of each command, hashed.
// A request id that comes back with another hash is refused.

/// Gathers the fields of a command in a form that no two different commands share: every field is
/// preceded by its length, lists by their count.
package struct RequestHash: Sendable {
  private var bytes: [UInt8] = []

  /// Starts with the command's name.
  package init(command: String) {
    bytes.reserveCapacity(256)
    add(command)
  }

  /// Adds a text.
  package mutating func add(_ text: String) {
    add(Int64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Adds a number.
  package mutating func add(_ number: Int64) {
    let bits = UInt64(bitPattern: number)
    for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * index))) }
  }

  /// Adds a list of texts, in the order given.
  package mutating func add(_ texts: [String]) {
    add(Int64(texts.count))
    for text in texts { add(text) }
  }

  /// The 32 bytes that stand for the request.
  package var digest: [UInt8] { SHA256.digest(bytes) }
}
