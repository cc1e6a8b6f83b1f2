// Where the next page of a list starts, as an opaque text bound to the list and its filters.

package import Booking
import Postgres

/// The position after the last row of a page: its sort key and its id.
package struct PageToken: Equatable {
  /// Sort key of the last row.
  package let key: String
  /// Its id.
  package let id: Int64

  /// The start of a list.
  static let start = PageToken(key: "", id: 0)

  /// The position after this row.
  package init(key: String, id: Int64) {
    self.key = key
    self.id = id
  }

  /// Reads a token given out for the same list and filters. Throws `.invalidPageToken`.
  package init(_ text: String, boundTo filter: RequestHash) throws(StoreError) {
    guard !text.isEmpty else {
      self = .start
      return
    }
    guard text.utf8.count <= StoreLimits.pageTokenBytes, let bytes = Self.bytes(text),
      bytes.count >= 16, Array(bytes[0..<8]) == Self.mark(filter),
      let key = String(validating: bytes[16...], as: UTF8.self), !key.utf8.contains(0)
    else { throw StoreError(.invalidPageToken) }
    self.key = key
    id = bytes[8..<16].reduce(0) { $0 << 8 | Int64($1) }
  }

  /// Runs a statement that reads from here on. A position that is none of the list's, which only a token
  /// made by somebody else can have, is `.invalidPageToken`: the database cannot read it.
  func judging<Answer>(
    _ body: () async throws(StoreError) -> Answer
  ) async throws(StoreError) -> Answer {
    do throws(StoreError) {
      return try await body()
    } catch {
      // Class 22: data exceptions.
      guard self != .start, error.cause?.sqlState?.errorClass == "22" else { throw error }
      throw StoreError(.invalidPageToken, cause: error.cause)
    }
  }

  /// The token's text.
  package func text(boundTo filter: RequestHash) -> String {
    let bits = UInt64(bitPattern: id)
    let idBytes = (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
    let digits = Array("0123456789abcdef".utf8)
    let bytes = Self.mark(filter) + idBytes + Array(key.utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func mark(_ filter: RequestHash) -> [UInt8] {
    Array(filter.digest.prefix(8))
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { byte in
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x61...0x66: byte - 0x57
      default: nil as UInt8?
      }
    }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
