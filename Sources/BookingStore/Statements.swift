// Every statement the store sends, by name: the files of SQL/queries and the calls of functions.

import Postgres

/// The statements of the store.
enum Statements {
  static let listCities = file("list_cities", PackageResources.list_cities_sql)
  static let listTheatres = file("list_theatres", PackageResources.list_theatres_sql)
  static let listMovies = file("list_movies", PackageResources.list_movies_sql)
  static let listShows = file("list_shows", PackageResources.list_shows_sql)
  static let getShow = file("get_show", PackageResources.get_show_sql)
  static let getLayout = file("get_layout", PackageResources.get_layout_sql)
  static let listOffers = file("list_offers", PackageResources.list_offers_sql)
  static let getBooking = file("get_booking", PackageResources.get_booking_sql)
  static let getSeatMap = file("get_seat_map", PackageResources.get_seat_map_sql)
  static let listTheatreShows = file(
    "list_theatre_shows", PackageResources.list_theatre_shows_sql)
  static let findCredential = file("find_credential", PackageResources.find_credential_sql)
  static let addPartner = file("add_partner", PackageResources.add_partner_sql)
  static let addKey = file("add_api_key", PackageResources.add_api_key_sql)

  static let holdSeats = call("hold_seats", parameters: 16)
  static let confirmBookings = call("confirm_bookings", parameters: 6)
  static let releaseHolds = call("release_holds", parameters: 5)
  static let cancelBookings = call("cancel_bookings", parameters: 5)
  static let expireHolds = call("expire_holds", parameters: 1)
  static let verifySales = call("verify_sales", parameters: 0)

  private static func file(_ name: String, _ bytes: [UInt8]) -> PostgresStatement {
    PostgresStatement(name: name, sql: String(decoding: bytes, as: UTF8.self))
  }

  private static func call(_ function: String, parameters count: Int) -> PostgresStatement {
    let list = (0..<count).map { "$\($0 + 1)" }.joined(separator: ", ")
    return PostgresStatement(name: function, sql: "select * from \(function)(\(list))")
  }
}
