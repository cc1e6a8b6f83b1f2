// The columns of batches as files: seats to hold, bookings to cancel. See FILES.md.

import ProtoWire
import UsherProtos

struct HoldColumns: RowColumns {
  static let noun = "batch"

  private enum Column: String {
    case show = "show_id"
    case seats, best, tier, split, customer
    case request = "request_id"
  }

  private let columns: [Column]

  init(_ heading: String) throws(RowFault) {
    columns = try CSVLine.columns(heading) { Column(rawValue: $0) }
  }

  func row(_ line: String) throws(RowFault) -> Usher.V1.HoldSeatsRequest {
    var row = Usher.V1.HoldSeatsRequest()
    var best = Usher.V1.BestAvailable()
    for (column, text) in try CSVLine.values(line, columns) {
      switch column {
      case .show: row.showId = try CSVLine.number(text, "show_id")
      case .seats: row.seats = try CSVLine.words(text, "seats")
      case .best: best.count = Int32(clamping: try CSVLine.number(text, "best"))
      case .tier: best.tier = text
      case .split: best.allowSplit = try CSVLine.flag(text, "split")
      case .customer: row.customerRef = text
      case .request: row.requestId = text
      }
    }
    guard best.count != 0 || (best.tier.isEmpty && !best.allowSplit) else {
      throw RowFault("tier and split go with best")
    }
    if best.count != 0 { row.bestAvailable = best }
    return row
  }
}

struct CancelColumns: RowColumns {
  static let noun = "batch"

  private enum Column: String {
    case booking = "booking_id"
    case seats
    case request = "request_id"
  }

  private let columns: [Column]

  init(_ heading: String) throws(RowFault) {
    columns = try CSVLine.columns(heading) { Column(rawValue: $0) }
  }

  func row(_ line: String) throws(RowFault) -> Usher.V1.CancelBookingRequest {
    var row = Usher.V1.CancelBookingRequest()
    for (column, text) in try CSVLine.values(line, columns) {
      switch column {
      case .booking: row.bookingId = text
      case .seats: row.seats = try CSVLine.words(text, "seats")
      case .request: row.requestId = text
      }
    }
    return row
  }
}
