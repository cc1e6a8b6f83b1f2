// What partners keep, as the store tells it: their theatres, auditoriums and versions of layouts.

package import Booking
import Postgres

/// A city, by its id or by its name.
package enum CityName: Sendable, Hashable {
  /// One that there is.
  case id(Int64)
  /// One that is made if it is new: name, region, ISO 3166-1 alpha-2 code.
  case name(String, region: String, countryCode: String)
}

/// How a theatre sells; nil for as it is, or for the default.
package struct TheatrePolicies: Sendable, Hashable {
  /// Minutes that a hold lasts.
  package var holdMinutes: Int16?
  /// Most seats of a customer in one show.
  package var seatsPerCustomer: Int16?
  /// What becomes of bookings that strand a single seat.
  package var orphanRule: OrphanRule?
  /// Share of the price that is given back, of ten thousand.
  package var refundBasisPoints: Int16?
  /// Until how many minutes before the show.
  package var refundMinutesBefore: Int32?

  /// Nothing said.
  package init() {}
}

/// A theatre to be made.
package struct TheatreWish: Sendable, Hashable {
  /// The partner that runs it; nil for the house.
  package var partnerID: Int64?
  /// Where it is.
  package var city: CityName
  /// Its name.
  package var name: String
  /// Street and number.
  package var address: String
  /// ZIP.
  package var postalCode: String
  /// IANA name.
  package var timeZone: String
  /// Degrees north.
  package var latitude: Double
  /// Degrees east.
  package var longitude: Double
  /// How it sells.
  package var policies: TheatrePolicies

  package init(
    partnerID: Int64?, city: CityName, name: String, address: String, postalCode: String,
    timeZone: String, latitude: Double, longitude: Double, policies: TheatrePolicies
  ) {
    self.partnerID = partnerID
    self.city = city
    self.name = name
    self.address = address
    self.postalCode = postalCode
    self.timeZone = timeZone
    self.latitude = latitude
    self.longitude = longitude
    self.policies = policies
  }
}

/// What there is to change of a theatre; nil leaves a thing as it is.
package struct TheatreChange: Sendable, Hashable {
  /// Its name.
  package var name: String?
  /// Street and number.
  package var address: String?
  /// ZIP.
  package var postalCode: String?
  /// Degrees north.
  package var latitude: Double?
  /// Degrees east.
  package var longitude: Double?
  /// How it sells.
  package var policies = TheatrePolicies()

  /// Changes nothing.
  package init() {}
}

/// A theatre as its owner sees it.
package struct OwnTheatreRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// The partner that runs it; nil for the house.
  package let partnerID: Int64?
  /// The city's id.
  package let cityID: Int64
  /// The city's name.
  package let cityName: String
  /// Its state, province or county.
  package let region: String
  /// Its country.
  package let countryCode: String
  /// The theatre's name.
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
  /// How it sells; nothing nil.
  package let policies: TheatrePolicies

  /// Reads the columns of get_own_theatre.sql from a position on.
  init(_ row: PostgresRow, from column: Int = 0) throws(PostgresError) {
    id = try row.decode(column)
    partnerID = try row.decode(column + 1)
    cityID = try row.decode(column + 2)
    cityName = try row.decode(column + 3)
    region = try row.decode(column + 4)
    countryCode = try row.decode(column + 5)
    name = try row.decode(column + 6)
    address = try row.decode(column + 7)
    postalCode = try row.decode(column + 8)
    timeZone = try row.decode(column + 9)
    latitude = try row.decode(column + 10)
    longitude = try row.decode(column + 11)
    screenCount = try row.decode(column + 12)
    var policies = TheatrePolicies()
    policies.holdMinutes = try row.decode(column + 13)
    policies.seatsPerCustomer = try row.decode(column + 14)
    policies.orphanRule = OrphanRule(rawValue: try row.decode(column + 15))
    policies.refundBasisPoints = try row.decode(column + 16)
    policies.refundMinutesBefore = try row.decode(column + 17)
    self.policies = policies
  }
}

/// An auditorium.
package struct AuditoriumRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// Its theatre.
  package let theatreID: Int64
  /// Its name.
  package let name: String
  /// The newest version of its layout; 0 for none.
  package let layoutVersion: Int32
  /// How many seats that has.
  package let seatCount: Int32

  init(_ row: PostgresRow) throws(PostgresError) {
    id = try row.decode(0)
    theatreID = try row.decode(1)
    name = try row.decode(2)
    layoutVersion = try row.decode(3)
    seatCount = try row.decode(4)
  }
}

/// A version of an auditorium's layout.
package struct LayoutVersionRecord: Sendable, Hashable {
  /// Its number.
  package let version: Int32
  /// Microseconds since 1970.
  package let createdAt: Int64
  /// How many seats it has.
  package let seatCount: Int32
  /// How many shows to come have it.
  package let showsToCome: Int32

  init(_ row: PostgresRow) throws(PostgresError) {
    version = try row.decode(0)
    createdAt = try row.decode(1, as: PostgresTimestamp.self).unixMicroseconds
    seatCount = try row.decode(2)
    showsToCome = try row.decode(3)
  }
}

/// What an import of a layout did, or would do.
package struct LayoutImport: Sendable {
  /// The version that was made, or would be; the newest one when nothing changes.
  package let version: Int32
  /// What it changes.
  package let difference: LayoutDifference
  /// How many shows to come keep an earlier version.
  package let showsKeepingEarlier: Int32
}
