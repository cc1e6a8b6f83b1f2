// The one table of who may call what: a row per method. A method without a row is not served: the
// node refuses to start with one.

package import RPC
import UsherProtos

/// What a key or a certificate may be used for. The raw value is its name in the API and the database.
package enum Scope: String, Sendable, CaseIterable {
  /// Reading what is on and the seat maps; every key may.
  case read
  /// Selling: holds, bookings, waiting.
  case sell
  /// Running one's own theatres: rooms, layouts, schedules, prices, offers.
  case manage
  /// Following sales: bookings of a show, the stream of sales, statistics.
  case report
  /// Operating the house: partners, keys, the insides of nodes.
  case admin

  /// The scopes that are each enough where this one is demanded: operators run and follow everything.
  /// They sell for nobody.
  var sufficient: Scopes {
    switch self {
    case .manage, .report: [Scopes(self), .admin]
    case .read, .sell, .admin: Scopes(self)
    }
  }
}

/// Some scopes.
package struct Scopes: OptionSet, Sendable, Hashable {
  package static let read = Scopes(rawValue: 1)
  package static let sell = Scopes(rawValue: 2)
  package static let admin = Scopes(rawValue: 4)
  package static let manage = Scopes(rawValue: 8)
  package static let report = Scopes(rawValue: 16)

  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package init(_ scope: Scope) {
    switch scope {
    case .read: self = .read
    case .sell: self = .sell
    case .manage: self = .manage
    case .report: self = .report
    case .admin: self = .admin
    }
  }

  /// The scopes of these names. Names from a later version of the schema grant nothing.
  package init(names: [String]) {
    self = names.reduce(into: []) { scopes, name in
      if let scope = Scope(rawValue: name) { scopes.insert(Scopes(scope)) }
    }
  }
}

/// What a method demands of its caller.
package enum Requirement: Sendable, Hashable {
  /// Nothing: credentials are not even read.
  case open
  /// A good credential, or none where reading is free.
  case read
  /// A credential with this scope, or another that is enough.
  case scope(Scope)
  /// A key with this scope, or a customer's access token.
  case scopeOrAccount(Scope)
  /// A customer's access token.
  case account

  /// What its calls are counted as; nil for those that are not.
  var rateLane: RateLane? {
    switch self {
    case .open, .scope(.admin), .scopeOrAccount(.admin): nil
    case .read, .account: .selling
    case .scope(let scope), .scopeOrAccount(let scope):
      switch scope {
      case .read, .sell: .selling
      case .manage, .report: .reporting
      case .admin: nil
      }
    }
  }
}

/// The table.
package struct Permissions: Sendable {
  /// A method and what it demands.
  package typealias Row = (method: MethodDescriptor, requirement: Requirement)

  /// Of every service of the schema.
  package static let table = Permissions(
    standard + reading + selling + managing + following + operating + accounts)

  private let requirements: [ObjectIdentifier: Requirement]

  /// A table of these rows; the same method twice is our bug.
  package init(_ rows: [Row]) {
    requirements = Dictionary(
      uniqueKeysWithValues: rows.map { (ObjectIdentifier($0.method), $0.requirement) })
  }

  /// What a method demands; nil without a row.
  package subscript(method: MethodDescriptor) -> Requirement? {
    requirements[ObjectIdentifier(method)]
  }

  /// Those of some methods that have no row.
  package func missing(of methods: [MethodDescriptor]) -> [MethodDescriptor] {
    methods.filter { self[$0] == nil }
  }

  /// What stock clients and tools ask before they know anything.
  private static let standard: [Row] = [
    (Grpc.Health.V1.HealthMethods.check, .open),
    (Grpc.Health.V1.HealthMethods.list, .open),
    (Grpc.Health.V1.HealthMethods.watch, .open),
    (Grpc.Reflection.V1.ServerReflectionMethods.serverReflectionInfo, .open),
    (Grpc.Reflection.V1alpha.ServerReflectionMethods.serverReflectionInfo, .open),
  ]

  private static let reading: [Row] = [
    (Usher.V1.CatalogServiceMethods.listCities, .read),
    (Usher.V1.CatalogServiceMethods.listTheatres, .read),
    (Usher.V1.CatalogServiceMethods.findTheatres, .read),
    (Usher.V1.CatalogServiceMethods.listMovies, .read),
    (Usher.V1.CatalogServiceMethods.searchMovies, .read),
    (Usher.V1.CatalogServiceMethods.listShows, .read),
    (Usher.V1.CatalogServiceMethods.getShow, .read),
    (Usher.V1.CatalogServiceMethods.listAddOns, .read),
    (Usher.V1.CatalogServiceMethods.getMovie, .read),
    (Usher.V1.CatalogServiceMethods.listMovieTheatres, .read),
    (Usher.V1.ReviewServiceMethods.listReviews, .read),
    (Usher.V1.ReviewServiceMethods.listComments, .read),
    (Usher.V1.SeatMapServiceMethods.getSeatMap, .read),
    (Usher.V1.SeatMapServiceMethods.watchSeatMap, .read),
    (Usher.V1.SeatMapServiceMethods.watchShows, .read),
  ]

  // A customer's word is no payment: what costs money waits for payments. What it exchanges is a hold.
  private static let selling: [Row] = [
    (Usher.V1.BookingServiceMethods.holdSeats, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.extendHold, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.setAddOns, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.confirmBooking, .scope(.sell)),
    (Usher.V1.BookingServiceMethods.releaseHold, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.cancelBooking, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.exchangeBooking, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.batchHoldSeats, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.batchCancelBookings, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.fenceRequest, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.getRequestOutcome, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.getBooking, .scopeOrAccount(.sell)),
    (Usher.V1.BookingServiceMethods.listBookings, .account),
    (Usher.V1.WaitlistServiceMethods.joinWaitlist, .scopeOrAccount(.sell)),
    (Usher.V1.WaitlistServiceMethods.leaveWaitlist, .scopeOrAccount(.sell)),
  ]

  private static let following: [Row] = [
    (Usher.V1.SalesServiceMethods.watchSales, .scope(.report)),
    (Usher.V1.SalesServiceMethods.listShowBookings, .scope(.report)),
    (Usher.V1.SalesServiceMethods.getBookingByTicketCode, .scope(.report)),
    (Usher.V1.SalesServiceMethods.getShowDigest, .scope(.report)),
    (Usher.V1.SalesServiceMethods.getSalesStatistics, .scope(.report)),
    (Usher.V1.SalesServiceMethods.getSettlement, .scope(.report)),
  ]

  // Logging in is how one comes by a credential.
  private static let accounts: [Row] = [
    (Usher.V1.AccountServiceMethods.signUp, .open),
    (Usher.V1.AccountServiceMethods.logIn, .open),
    (Usher.V1.AccountServiceMethods.refreshSession, .open),
    (Usher.V1.AccountServiceMethods.logOut, .account),
    (Usher.V1.AccountServiceMethods.getProfile, .account),
    (Usher.V1.AccountServiceMethods.updateProfile, .account),
    (Usher.V1.AccountServiceMethods.changePassword, .account),
    (Usher.V1.AccountServiceMethods.closeAccount, .account),
    (Usher.V1.ReviewServiceMethods.putReview, .account),
    (Usher.V1.ReviewServiceMethods.getOwnReview, .account),
    (Usher.V1.ReviewServiceMethods.deleteReview, .account),
    (Usher.V1.ReviewServiceMethods.addComment, .account),
    (Usher.V1.ReviewServiceMethods.deleteComment, .account),
    (Usher.V1.ReviewServiceMethods.reportContent, .account),
    (Usher.V1.RecommendationServiceMethods.getRecommendations, .account),
  ]

  private static let managing: [Row] = [
    (Usher.V1.PartnerServiceMethods.createTheatre, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.updateTheatre, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.getOwnTheatre, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listOwnTheatres, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.createAuditorium, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.renameAuditorium, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listAuditoriums, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.closeTheatre, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.closeAuditorium, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.importLayout, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.getLayout, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listLayoutVersions, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.uploadSchedule, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.createMovie, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.createOffer, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.updateOffer, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.endOffer, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listOffers, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.setPrices, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.blockSeats, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.unblockSeats, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listBlockedSeats, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.createAllocation, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.endAllocation, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listAllocations, .scope(.manage)),
    // Who only resells has no clock to move without a test theatre of its own, which takes the scope too.
    (Usher.V1.SandboxServiceMethods.getSandbox, .scope(.manage)),
    (Usher.V1.SandboxServiceMethods.advanceClock, .scope(.manage)),
    (Usher.V1.SandboxServiceMethods.setFaults, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.createAddOn, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.updateAddOn, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.endAddOn, .scope(.manage)),
    (Usher.V1.PartnerServiceMethods.listOwnAddOns, .scope(.manage)),
  ]

  private static let operating: [Row] = [
    (Usher.Admin.V1.AdminServiceMethods.getNode, .scope(.admin)),
    (Usher.Admin.V1.AdminServiceMethods.listConnections, .scope(.admin)),
    (Usher.Admin.V1.AdminServiceMethods.listMethods, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.createPartner, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.getPartner, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.listPartners, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.updatePartner, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.createApiKey, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.listApiKeys, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.rotateApiKey, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.revokeApiKey, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.getAccount, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.setAccountState, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.listSuspiciousCustomers, .scope(.admin)),
    (Usher.Admin.V1.OperatorServiceMethods.listAuditEntries, .scope(.admin)),
    (Usher.Admin.V1.CatalogAdminServiceMethods.createMovie, .scope(.admin)),
    (Usher.Admin.V1.CatalogAdminServiceMethods.updateMovie, .scope(.admin)),
    (Usher.Admin.V1.CatalogAdminServiceMethods.listReports, .scope(.admin)),
    (Usher.Admin.V1.CatalogAdminServiceMethods.moderateContent, .scope(.admin)),
  ]
}
