// The rows of a batch with their request ids. A row that brings none gets one that follows from the
// command's and from what the row wants: the same file under the same id is the same requests, whatever
// order its lines have, and a line that was mended is another.

import Booking
import Foundation
import ProtoWire
import UsherProtos

/// What one row asks for.
protocol BatchItem: ProtoJSONMessage, Sendable {
  var requestId: String { get set }
  var subject: Advice.Subject { get }
}

extension Usher.V1.HoldSeatsRequest: BatchItem {
  var subject: Advice.Subject { .init(showId: showId == 0 ? nil : showId) }
}

extension Usher.V1.CancelBookingRequest: BatchItem {
  var subject: Advice.Subject { .init(bookingId: bookingId.isEmpty ? nil : bookingId) }
}

struct BatchRows<Item: BatchItem> {
  private(set) var rows: [(line: Int, item: Item)] = []
  private(set) var faults: [(line: Int, fault: RowFault)] = []
  private let base: String
  private var sameRows: [String: Int64] = [:]
  private var linesByID: [String: Int] = [:]

  /// `base` is the command's request id.
  init(under base: String) { self.base = base.lowercased() }

  /// Reads a file to its end.
  mutating func read<Columns: RowColumns>(
    _ file: RowFile<Columns>
  ) throws(Failure) where Columns.Row == Item {
    while let next = try file.next() {
      guard rows.count + faults.count < Limits.batchRows else {
        throw Failure(.usage, "the file has more than \(Limits.batchRows) rows")
      }
      add(next)
    }
  }

  mutating func add(_ next: NumberedRow<Item>) {
    do throws(RowFault) {
      var item = try next.row.get()
      if item.requestId.isEmpty { item.requestId = id(of: item) }
      try check(item.requestId, next.line)
      rows.append((next.line, item))
    } catch {
      faults.append((next.line, error))
    }
  }

  private mutating func check(_ id: String, _ line: Int) throws(RowFault) {
    guard let id = UUID(uuidString: id)?.uuidString else {
      throw RowFault("request_id: '\(id)' is no UUID")
    }
    if let other = linesByID[id] { throw RowFault("request_id: line \(other) has the same") }
    linesByID[id] = line
  }

  /// Of rows that want the same each has its number. UUIDs of version 8: RFC 9562, section 5.8.
  private mutating func id(of item: Item) -> String {
    let wish = String(decoding: item.jsonBytes(), as: UTF8.self)
    let number = (sameRows[wish] ?? 0) + 1
    sameRows[wish] = number
    var hash = RequestHash(command: "usher batch \(Item.self)")
    hash.add(base)
    hash.add(wish)
    hash.add(number)
    var bytes = Array(hash.digest.prefix(16))
    bytes[6] = bytes[6] & 0x0f | 0x80
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = bytes.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }
    let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
    return parts.joined(separator: "-")
  }
}
