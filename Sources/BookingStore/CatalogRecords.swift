// What the catalogue tells: cities, theatres, movies, shows, and a show with all that a sale needs.

package import Booking

/// A page of a list.
package struct Page<Item: Sendable>: Sendable {
  /// The items, in the list's order.
  package let items: [Item]
  /// Where the next page starts; empty on the last page.
  package let nextPageToken: String
}

/// A city with theatres.
package struct CityRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// The name.
  package let name: String
  /// State, province or county; may be empty.
  package let region: String
  /// ISO 3166-1 alpha-2.
  package let countryCode: String
  /// How many theatres it has.
  package let theatreCount: Int32
}

/// A theatre.
package struct TheatreRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// Its city.
  package let cityID: Int64
  /// The city's name.
  package let cityName: String
  /// Its name.
  package let name: String
  /// Street and number.
  package let address: String
  /// ZIP.
  package let postalCode: String
  /// IANA name.
  package let timeZone: String
  /// Degrees north.
  package let latitude: Double
  /// Degrees east.
  package let longitude: Double
  /// How many auditoriums it has.
  package let screenCount: Int32
}

/// A movie.
package struct MovieRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// The title.
  package let title: String
  /// What it is about.
  package let synopsis: String
  /// Genres.
  package let genres: [String]
  /// BCP 47 tags.
  package let languages: [String]
  /// Running time.
  package let durationMinutes: Int32
  /// "2027-03-28"; may be empty.
  package let releaseDate: String
  /// Age certificate.
  package let certificate: String
}

/// A show, without its seats.
package struct ShowRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// The lane of its theatre.
  package let lane: Int16
  /// 1 film, 2 play, 3 concert, 4 other.
  package let kind: Int16
  /// The movie; 0 without one.
  package let movieID: Int64
  /// The movie's title or the show's own.
  package let title: String
  /// The theatre.
  package let theatreID: Int64
  /// The theatre's name.
  package let theatreName: String
  /// The city.
  package let cityID: Int64
  /// The city's name.
  package let cityName: String
  /// The auditorium.
  package let auditoriumID: Int64
  /// The auditorium's name.
  package let auditoriumName: String
  /// BCP 47 tag.
  package let language: String
  /// "2D", "IMAX" …; may be empty.
  package let format: String
  /// Start, in microseconds since 1970.
  package let startsAtUnixMicroseconds: Int64
  /// End, in microseconds since 1970.
  package let endsAtUnixMicroseconds: Int64
  /// Start on the theatre's wall clock: "2027-03-28T19:30".
  package let localStart: String
  /// Start by the theatre's day and week.
  package let start: LocalStart
  /// IANA name.
  package let timeZone: String
  /// How far the wall clock is ahead of UTC at the start.
  package let utcOffsetMinutes: Int32
  /// 1 scheduled, 2 on sale, 3 closed, 4 cancelled.
  package let salesState: Int16
  /// The currency of its prices.
  package let currency: Currency
  /// How many seats it has.
  package let seatCount: Int32
  /// Which version of the auditorium's layout it sells.
  package let layoutVersion: Int32
  /// Which state of its prices this is.
  package let pricingVersion: Int32
  /// Price per tier, dearest first.
  package let prices: [TierPrice]

  /// What one seat of a tier costs before offers.
  package struct TierPrice: Sendable, Hashable {
    /// The tier.
    package let tier: String
    /// The price.
    package let minorUnits: Int64
  }
}

/// A theatre and whose it is.
package struct OwnedTheatre: Sendable, Hashable {
  /// The theatre.
  package let theatreID: Int64
  /// The partner that runs it; nil for the house.
  package let partnerID: Int64?
}

/// A show with all that a sale needs. One reference: every call for the show has it in its hands,
/// and it has some twenty texts and tables.
package final class ShowDetails: Sendable {
  /// The show itself.
  package let show: ShowRecord
  /// Its seats.
  package let layout: SeatLayout
  /// What they cost.
  package let prices: PriceList
  /// What is set aside for single partners.
  package let allocations: [Allocation]

  init(
    show: ShowRecord, layout: SeatLayout, prices: PriceList, allocations: [Allocation] = []
  ) {
    self.show = show
    self.allocations = allocations
    self.layout = layout
    self.prices = prices
  }
}
