// What was sold, as the store tells it: the stream of sales, and what is sold of a show.

package import Booking
import Postgres

/// Whose sales somebody may see: those that a partner made, and all of its theatres.
package struct SalesReach: Sendable, Hashable {
  /// The partner; nil for an operator, who may see everybody's.
  package let partnerID: Int64?
  /// Only sales of these theatres; nil for all.
  package let theatreIDs: [Int64]?

  /// A reach.
  package init(partnerID: Int64?, theatreIDs: [Int64]? = nil) {
    self.partnerID = partnerID
    self.theatreIDs = theatreIDs
  }

  /// Two parameters of every statement about sales.
  var values: [PostgresValue] { [.int8(partnerID), PostgresValue(theatreIDs)] }
}

/// A booking found by its ticket's code, and who has the ticket.
package struct TicketBooking: Sendable {
  /// The booking.
  package let booking: BookingRecord
  /// The customer with an account that the house sold to; nil where a partner sold to its customer.
  package let customer: TicketCustomer?

  init(_ row: PostgresRow) throws(PostgresError) {
    let column = BookingColumn.count
    let now: PostgresTimestamp = try row.decode(column)
    booking = try BookingRecord(row).told(at: now.unixMicroseconds)
    customer =
      booking.partnerID == 0
      ? TicketCustomer(
        name: try row.decode(column + 1), email: try row.decode(column + 2),
        phone: try row.decode(column + 3)) : nil
  }
}

/// A customer with an account. All is empty once the account is closed.
package struct TicketCustomer: Sendable, Equatable {
  package let name: String
  package let email: String
  package let phone: String
}

/// What can happen to a booking once it is paid. The raw value is that of the API.
package enum SaleKind: Int32, Sendable, CaseIterable {
  /// Its seats were sold.
  case confirmed = 1
  /// Some of its seats or all were cancelled.
  case cancelled
  /// Its seats were given up for those of another booking.
  case exchangedAway
  /// Its seats were sold for those of another booking.
  case exchangedFor
}

/// A seat of a sale.
package struct SoldSeat: Sendable, Hashable {
  /// Its number in the layout.
  package let number: Int32
  /// Its printed label.
  package let label: String
  /// Its tier when it was sold.
  package let tier: String
  /// What it cost, offers and add-ons included.
  package let price: Money
  /// Its add-ons, as lines of the quote.
  package let addOns: [QuoteLine]
}

/// What happened to a booking.
package struct SaleEvent: Sendable, Hashable {
  /// What it was.
  package let kind: SaleKind
  /// The booking.
  package let bookingID: BookingID
  /// The show.
  package let showID: Int64
  /// The version of the show that shows it.
  package let version: Int64
  /// The theatre.
  package let theatreID: Int64
  /// The partner that made the sale.
  package let partnerID: Int64
  /// The seats that were sold or given up, in the order of the quote.
  package let seats: [SoldSeat]
  /// What they cost.
  package let amount: Money
  /// What is given back; nil when nothing is to be.
  package let refund: Money?
  /// The reference of the payment.
  package let paymentReference: String
  /// The other booking of an exchange.
  package let otherBookingID: BookingID?
  /// Whether the booking has seats left.
  package let hasSeatsLeft: Bool

  /// Reads what read_sales.sql says behind position and time.
  init(_ row: PostgresRow) throws(PostgresError) {
    let own: [Int32] = try row.decode(8)
    let sold: [Int32] = try row.decode(9)
    let labels: [String] = try row.decode(10)
    guard let kind = SaleKind(rawValue: try row.decode(2)),
      let id = BookingID(UniqueID(try row.decode(3, as: PostgresUUID.self))),
      let currency = try? Currency(try row.decode(12)),
      let quote = try? Quote(text: try row.decode(11), currency: currency),
      let prices = SeatPrices(quote, of: own), labels.count == sold.count
    else { throw PostgresError(.decoding, "a sale cannot be read") }
    self.kind = kind
    bookingID = id
    showID = try row.decode(4)
    version = try row.decode(5)
    theatreID = try row.decode(6)
    partnerID = try row.decode(7)
    var (seats, amount) = ([SoldSeat](), Money(0, currency))
    for (number, label) in zip(sold, labels) {
      guard let seat = prices[number], let sum = try? amount.adding(seat.price) else {
        throw PostgresError(.decoding, "a sale has a seat without a price")
      }
      seats.append(
        SoldSeat(
          number: number, label: label, tier: seat.tier, price: seat.price, addOns: seat.addOns))
      amount = sum
    }
    (self.seats, self.amount) = (seats, amount)
    paymentReference = try row.decode(13)
    refund = try row.decode(14, as: Int64?.self).map { Money($0, currency) }
    otherBookingID = try row.decode(15, as: PostgresUUID?.self).flatMap { BookingID(UniqueID($0)) }
    hasSeatsLeft = try row.decode(16)
  }
}

/// What one transaction sold, or gave back, as far as somebody may see it.
package struct SalesTransaction: Sendable, Hashable {
  /// Its position in the stream.
  package let position: Int64
  /// When it happened, in microseconds since 1970.
  package let at: Int64
  /// What it did.
  package internal(set) var events: [SaleEvent]
}

/// Some transactions of the stream.
package struct SalesPage: Sendable, Hashable {
  /// Those with something to see, in the order of their positions.
  package internal(set) var transactions: [SalesTransaction] = []
  /// The first and the last position looked at; nil when there was none.
  package internal(set) var positions: ClosedRange<Int64>?

  init(_ result: PostgresResult) throws(PostgresError) {
    for row in result.rows {
      let position: Int64 = try row.decode(0)
      positions = (positions?.lowerBound ?? position)...position
      guard try row.decode(2, as: Int32?.self) != nil else { continue }
      let event = try SaleEvent(row)
      if let last = transactions.indices.last, transactions[last].position == position {
        transactions[last].events.append(event)
      } else {
        let at = try row.decode(1, as: PostgresTimestamp.self).unixMicroseconds
        transactions.append(SalesTransaction(position: position, at: at, events: [event]))
      }
    }
  }
}

/// Where the stream begins and ends.
package struct SalesBounds: Sendable, Hashable {
  /// The oldest position that is kept.
  package let oldest: Int64
  /// The last position that was given; less by one than the oldest when none is kept.
  package let newest: Int64
}

/// What each seat of a booking cost, by its quote.
struct SeatPrices {
  /// What one seat cost.
  struct Seat {
    fileprivate(set) var tier = ""
    fileprivate(set) var price: Money
    fileprivate(set) var addOns: [QuoteLine] = []
  }

  private var seats: [Int32: Seat] = [:]

  /// The seats in the order of the quote; nil when the quote is not theirs.
  init?(_ quote: Quote, of numbers: [Int32]) {
    let nothing = Money(0, quote.total.currency)
    for line in quote.lines {
      guard numbers.indices.contains(line.position) else { return nil }
      var seat = seats[numbers[line.position]] ?? Seat(price: nothing)
      guard let price = try? seat.price.adding(Money(line.minorUnits, nothing.currency)) else {
        return nil
      }
      seat.price = price
      if line.isBasePrice { seat.tier = line.description }
      if line.addOn != nil { seat.addOns.append(line) }
      seats[numbers[line.position]] = seat
    }
  }

  subscript(number: Int32) -> Seat? { seats[number] }
}
