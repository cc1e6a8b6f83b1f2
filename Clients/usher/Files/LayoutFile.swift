// Layouts as files: a drawing, or the seats one by one. See FILES.md.

import Booking
import Foundation
import ProtoWire
import UsherProtos

enum LayoutFile {
  /// Reads a file; `-` is standard input.
  static func read(_ path: String) throws(Failure) -> Usher.V1.LayoutPlan {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limitBytes: Limits.layoutFileBytes)
    } catch {
      throw Failure(.usage, "cannot read the layout \(path): \(BoundedFile.reason(error))")
    }
    return try plan(bytes, named: path)
  }

  /// A drawing has `rows`; the seats one by one are a LayoutPlan as proto3 JSON has it.
  static func plan(_ bytes: [UInt8], named name: String) throws(Failure) -> Usher.V1.LayoutPlan {
    let members: [String: Any]
    do {
      members = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
    } catch {
      throw fault(name, "this is not JSON")
    }
    guard members["rows"] == nil else { return try drawn(bytes, name) }
    guard members["seats"] != nil else {
      throw fault(name, "an object with 'rows' or with 'seats' is wanted")
    }
    do throws(ProtoJSONError) {
      return try Usher.V1.LayoutPlan(jsonBytes: bytes)
    } catch {
      throw fault(name, "\(error)")
    }
  }

  private static func drawn(
    _ bytes: [UInt8], _ name: String
  ) throws(Failure) -> Usher.V1.LayoutPlan {
    let drawing = try decode(bytes, name)
    let seats: [LayoutSeat]
    do throws(BookingError) {
      seats = try drawing.seats()
    } catch {
      throw fault(name, ([error.message] + error.subjects).joined(separator: ": "))
    }
    guard drawing.focal.map({ $0.count == 2 }) ?? true else {
      throw fault(name, "focal: must be [column, line] in hundredths")
    }
    return .init(
      columns: drawing.columns, lines: drawing.lines,
      focalPoint: drawing.focal.map { .init(xHundredths: $0[0], yHundredths: $0[1]) },
      seats: seats.map { .init($0) })
  }

  private static func decode(_ bytes: [UInt8], _ name: String) throws(Failure) -> SeatDrawing {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(SeatDrawing.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw fault(name, words(error))
    } catch {
      throw fault(name, "\(error)")
    }
  }

  /// Where a file is not as it should be, and how.
  private static func words(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
      return "\(path.joined().drop { $0 == "." }): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  private static func fault(_ name: String, _ what: String) -> Failure {
    Failure(
      .usage, "\(name): \(what)", hint: "Clients/usher/FILES.md describes layouts as files.")
  }
}

extension Usher.V1.PlannedSeat {
  fileprivate init(_ seat: LayoutSeat) {
    let pairs: [(SeatAttributes, Usher.V1.SeatAttribute)] = [
      (.aisle, .aisle), (.wheelchair, .wheelchair), (.companion, .companion),
      (.restrictedView, .restrictedView),
    ]
    self.init(
      label: seat.label, row: seat.row, x: seat.x, y: seat.y, tier: seat.tier,
      attributes: pairs.filter { seat.attributes.contains($0.0) }.map(\.1))
  }
}
