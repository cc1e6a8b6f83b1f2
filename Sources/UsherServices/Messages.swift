// Domain values as messages of usher.v1. No decisions here.

import Booking
import BookingStore
import ProtoWire
import UsherProtos

extension Usher.V1.Money {
  init(_ minorUnits: Int64, _ currency: Currency) {
    self.init(currencyCode: currency.code, minorUnits: minorUnits)
  }
}

extension Usher.V1.Seat {
  init(_ seat: LayoutSeat, state: Usher.V1.SeatState = .unspecified) {
    self.init(
      seatNumber: seat.number, label: seat.label, row: seat.row, x: seat.x, y: seat.y,
      tier: seat.tier, attributes: Self.attributes(seat.attributes), state: state)
  }

  private static func attributes(_ attributes: SeatAttributes) -> [Usher.V1.SeatAttribute] {
    // Most seats have none, and a map has thousands.
    guard !attributes.isEmpty else { return [] }
    let pairs: [(SeatAttributes, Usher.V1.SeatAttribute)] = [
      (.aisle, .aisle), (.wheelchair, .wheelchair), (.companion, .companion),
      (.restrictedView, .restrictedView),
    ]
    return pairs.filter { attributes.contains($0.0) }.map(\.1)
  }
}

extension Usher.V1.SeatState {
  init(_ state: SeatState) { self.init(rawValue: Int32(state.rawValue)) }
}

extension Usher.V1.BookingState {
  init(_ state: BookingState) { self.init(rawValue: Int32(state.rawValue)) }
}

extension Usher.V1.Booking {
  init(_ record: BookingRecord, _ layout: SeatLayout) {
    let labels = layout.labels(record.seatNumbers)
    self.init(
      bookingId: record.id.description, showId: record.showID, state: .init(record.state),
      seats: layout.labels(record.seatsLeft), quote: .init(record.quote, labels),
      expiresInMs: record.expiresInMs,
      customerRef: record.customerRef, paymentReference: record.paymentReference,
      createdAt: .init(unixMicroseconds: record.createdAt),
      version: record.version, extended: record.isExtended,
      cancelledSeats: layout.labels(record.cancelledSeats),
      supersededBy: record.supersededBy?.description ?? "",
      supersedes: record.supersedes?.description ?? "",
      ticketCode: record.ticketCode?.description ?? "")
  }
}

extension Usher.V1.Refund {
  init(_ refund: Refund, _ layout: SeatLayout) {
    self.init(
      bookingId: refund.bookingID.description, seats: layout.labels(refund.seatNumbers),
      amount: .init(refund.amount.minorUnits, refund.amount.currency))
  }
}

extension SeatLayout {
  /// Labels of seats by number.
  func labels(_ numbers: [Int32]) -> [String] {
    numbers.map { label(number: $0) ?? "?" }
  }
}

extension Usher.V1.Quote {
  init(_ quote: Quote, _ labels: [String]) {
    let currency = quote.total.currency
    self.init(
      lines: quote.lines.map { line in
        Usher.V1.QuoteLine(
          kind: line.addOn != nil ? .addOn : line.isBasePrice ? .basePrice : .offer,
          seat: labels.indices.contains(line.position) ? labels[line.position] : "",
          description: line.description, amount: .init(line.minorUnits, currency),
          offerId: line.offerID, addOnId: line.addOn?.id ?? 0,
          count: Int32(clamping: line.addOn?.count ?? 0))
      },
      total: .init(quote.total.minorUnits, currency))
  }
}

extension Google.Protobuf.Timestamp {
  init(unixMicroseconds: Int64) {
    let (seconds, rest) = unixMicroseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let isBefore = rest < 0
    self.init(
      seconds: isBefore ? seconds - 1 : seconds,
      nanos: Int32(isBefore ? rest + 1_000_000 : rest) * 1_000)
  }
}

extension Usher.V1.Theatre {
  init(_ theatre: TheatreRecord) {
    self.init(
      theatreId: theatre.id, cityId: theatre.cityID, cityName: theatre.cityName,
      name: theatre.name, address: theatre.address, postalCode: theatre.postalCode,
      timeZone: theatre.timeZone, latitude: theatre.latitude, longitude: theatre.longitude,
      screenCount: theatre.screenCount)
  }
}

extension Usher.V1.Movie {
  init(_ movie: MovieRecord) {
    self.init(
      movieId: movie.id, title: movie.title, synopsis: movie.synopsis, genres: movie.genres,
      languages: movie.languages, durationMinutes: movie.durationMinutes,
      releaseDate: movie.releaseDate, certificate: movie.certificate)
  }
}

extension Usher.V1.Show {
  init(_ show: ShowRecord) {
    self.init(
      showId: show.id, kind: .init(rawValue: Int32(show.kind)), movieId: show.movieID,
      title: show.title, theatreId: show.theatreID, theatreName: show.theatreName,
      cityId: show.cityID, cityName: show.cityName, auditoriumId: show.auditoriumID,
      auditoriumName: show.auditoriumName, language: show.language, format: show.format,
      startsAt: .init(unixMicroseconds: show.startsAtUnixMicroseconds),
      endsAt: .init(unixMicroseconds: show.endsAtUnixMicroseconds), localStart: show.localStart,
      timeZone: show.timeZone, utcOffsetMinutes: show.utcOffsetMinutes,
      salesState: .init(rawValue: Int32(show.salesState)),
      prices: show.prices.map {
        .init(tier: $0.tier, price: .init($0.minorUnits, show.currency))
      },
      seatCount: show.seatCount)
  }
}

extension Usher.V1.AuditoriumLayout {
  init(_ show: ShowRecord, _ layout: SeatLayout) {
    self.init(auditoriumID: show.auditoriumID, version: show.layoutVersion, layout)
  }

  init(auditoriumID: Int64, version: Int32, _ layout: SeatLayout) {
    self.init(
      auditoriumId: auditoriumID, layoutVersion: version,
      columns: layout.columns, lines: layout.lines,
      focalXHundredths: layout.focalPoint.xHundredths,
      focalYHundredths: layout.focalPoint.yHundredths, seats: layout.seats.map { .init($0) })
  }
}
