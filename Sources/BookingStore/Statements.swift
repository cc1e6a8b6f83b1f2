// Every statement the store sends, by name: the files of SQL/queries and the calls of functions.

import Postgres

/// The statements of the store.
enum Statements {
  static let listCities = read("list_cities", PackageResources.list_cities_sql)
  static let listTheatres = list(
    "list_theatres", PackageResources.list_theatres_sql, isShort: { $0.contains(1) })
  static let placeOfPostalCode = call("place_of_postal_code", parameters: 2)
  static let findTheatres = list(
    "find_theatres", PackageResources.find_theatres_sql, isShort: { !$0.contains(4) })
  static let searchMovies = list("search_movies", PackageResources.search_movies_sql)
  static let searchShownMovies = list(
    "search_shown_movies", PackageResources.search_shown_movies_sql)
  static let getTheatreOwner = file(
    "get_theatre_owner", PackageResources.get_theatre_owner_sql)
  static let listMovies = list("list_movies", PackageResources.list_movies_sql)
  static let listLocalMovies = list(
    "list_local_movies", PackageResources.list_local_movies_sql, isShort: { _ in true })
  static let listShows = list(
    "list_shows", PackageResources.list_shows_sql, isShort: { !$0.isDisjoint(with: [1, 2, 3]) })
  static let getShow = read("get_show", PackageResources.get_show_sql)
  static let getLayout = file("get_layout", PackageResources.get_layout_sql)
  static let listOffers = read("list_offers", PackageResources.list_offers_sql)
  static let getBooking = file("get_booking", PackageResources.get_booking_sql)
  static let listAccountBookings = file(
    "list_account_bookings", PackageResources.list_account_bookings_sql)
  static let listRefunds = file("list_refunds", PackageResources.list_refunds_sql)
  static let fenceRequest = file("fence_request", PackageResources.fence_request_sql)
  static let getSeatMap = read("get_seat_map", PackageResources.get_seat_map_sql)
  static let listTheatreShows = file(
    "list_theatre_shows", PackageResources.list_theatre_shows_sql)
  static let findCredential = file("find_credential", PackageResources.find_credential_sql)
  static let findCertificate = file("find_certificate", PackageResources.find_certificate_sql)
  static let findDueShows = file("find_due_shows", PackageResources.find_due_shows_sql)
  static let findDueWaits = file("find_due_waits", PackageResources.find_due_waits_sql)
  static let readStandings = file("read_standings", PackageResources.read_standings_sql)
  static let databaseTime = PostgresStatement(
    name: "database_time", sql: "select clock_timestamp()")
  static let addPartner = file("add_partner", PackageResources.add_partner_sql)
  static let addKey = file("add_api_key", PackageResources.add_api_key_sql)

  static let createPartner = file("create_partner", PackageResources.create_partner_sql)
  static let updatePartner = file("update_partner", PackageResources.update_partner_sql)
  static let getPartner = file("get_partner", PackageResources.get_partner_sql)
  static let listPartners = file("list_partners", PackageResources.list_partners_sql)
  static let createKey = file("create_api_key", PackageResources.create_api_key_sql)
  static let rotateKey = file("rotate_api_key", PackageResources.rotate_api_key_sql)
  static let revokeKey = file("revoke_api_key", PackageResources.revoke_api_key_sql)
  static let getKey = file("get_api_key", PackageResources.get_api_key_sql)
  static let listKeys = file("list_api_keys", PackageResources.list_api_keys_sql)
  static let listAuditEntries = file(
    "list_audit_entries", PackageResources.list_audit_entries_sql)

  static let createTheatre = file("create_theatre", PackageResources.create_theatre_sql)
  static let updateTheatre = file("update_theatre", PackageResources.update_theatre_sql)
  static let getOwnTheatre = file("get_own_theatre", PackageResources.get_own_theatre_sql)
  static let listOwnTheatres = file(
    "list_own_theatres", PackageResources.list_own_theatres_sql)
  static let getAuditoriumOwner = file(
    "get_auditorium_owner", PackageResources.get_auditorium_owner_sql)
  static let closeHouse = call("close_house", parameters: 4)
  static let createAuditorium = file(
    "create_auditorium", PackageResources.create_auditorium_sql)
  static let renameAuditorium = file(
    "rename_auditorium", PackageResources.rename_auditorium_sql)
  static let listAuditoriums = file("list_auditoriums", PackageResources.list_auditoriums_sql)
  static let getImportState = file("get_import_state", PackageResources.get_import_state_sql)
  static let lockAuditorium = file("lock_auditorium", PackageResources.lock_auditorium_sql)
  static let addLayout = file("add_layout", PackageResources.add_layout_sql)
  static let findLayoutVersion = file(
    "find_layout_version", PackageResources.find_layout_version_sql)
  static let listLayoutVersions = file(
    "list_layout_versions", PackageResources.list_layout_versions_sql)
  static let uploadSchedule = file("upload_schedule", PackageResources.upload_schedule_sql)
  static let listUploadedShows = file(
    "list_uploaded_shows", PackageResources.list_uploaded_shows_sql)
  static let withdrawSchedule = file(
    "withdraw_schedule", PackageResources.withdraw_schedule_sql)
  static let getShowScopes = file("get_show_scopes", PackageResources.get_show_scopes_sql)

  static let signUp = file("sign_up", PackageResources.sign_up_sql)
  static let beginLogin = call("begin_attempt", parameters: 2)
  static let forgiveLogin = file("forgive_login", PackageResources.forgive_login_sql)
  static let findEndedAccounts = file(
    "find_ended_accounts", PackageResources.find_ended_accounts_sql)
  static let getWaitCustomer = file(
    "get_wait_customer", PackageResources.get_wait_customer_sql)
  static let beginSession = file("begin_session", PackageResources.begin_session_sql)
  static let renewSession = call("renew_session", parameters: 2)
  static let findSession = file("find_session", PackageResources.find_session_sql)
  static let endSession = file("end_session", PackageResources.end_session_sql)
  static let getAccount = file("get_account", PackageResources.get_account_sql)
  static let updateAccount = file("update_account", PackageResources.update_account_sql)
  static let getLoginName = file("get_login_name", PackageResources.get_login_name_sql)
  static let changePassword = file("change_password", PackageResources.change_password_sql)
  static let closeAccount = file("close_account", PackageResources.close_account_sql)
  static let setAccountState = file("set_account_state", PackageResources.set_account_state_sql)
  static let listAccountHolds = file(
    "list_account_holds", PackageResources.list_account_holds_sql)

  static let getMovie = file("get_movie", PackageResources.get_movie_sql)
  static let addMovie = file("add_movie", PackageResources.add_movie_sql)
  static let updateMovie = file("update_movie", PackageResources.update_movie_sql)
  static let listMovieTheatres = list(
    "list_movie_theatres", PackageResources.list_movie_theatres_sql)
  static let putReview = file("put_review", PackageResources.put_review_sql)
  static let getOwnReview = file("get_own_review", PackageResources.get_own_review_sql)
  static let deleteReview = file("delete_review", PackageResources.delete_review_sql)
  static let listReviews = file("list_reviews", PackageResources.list_reviews_sql)
  static let hasReview = file("has_review", PackageResources.has_review_sql)
  static let listComments = file("list_comments", PackageResources.list_comments_sql)
  static let deleteComment = file("delete_comment", PackageResources.delete_comment_sql)
  static let reportContent = file("report_content", PackageResources.report_content_sql)
  static let listReports = file("list_reports", PackageResources.list_reports_sql)
  static let moderateReview = file("moderate_review", PackageResources.moderate_review_sql)
  static let moderateComment = file("moderate_comment", PackageResources.moderate_comment_sql)
  static let getRecommendations = file(
    "get_recommendations", PackageResources.get_recommendations_sql)
  static let addComment = call("add_comment", parameters: 5)

  static let numberSales = call("number_sales", parameters: 3)
  static let newestSale = PostgresStatement(
    name: "newest_sale", sql: "select coalesce(max(o.serial), 0) from sales_outbox o")
  static let readSales = file("read_sales", PackageResources.read_sales_sql)
  static let getSalesBounds = file("get_sales_bounds", PackageResources.get_sales_bounds_sql)
  static let getShowSales = file("get_show_sales", PackageResources.get_show_sales_sql)
  static let listShowBookings = file(
    "list_show_bookings", PackageResources.list_show_bookings_sql)
  static let getBookingByTicket = file(
    "get_booking_by_ticket", PackageResources.get_booking_by_ticket_sql)

  static let readSalesStatistics = file(
    "read_sales_statistics", PackageResources.read_sales_statistics_sql)
  static let readSalesSums = file("read_sales_sums", PackageResources.read_sales_sums_sql)
  static let readSalesDays = file("read_sales_days", PackageResources.read_sales_days_sql)
  static let getSettlement = file("get_settlement", PackageResources.get_settlement_sql)
  static let getSettlementState = file(
    "get_settlement_state", PackageResources.get_settlement_state_sql)
  static let findSuspiciousCustomers = file(
    "find_suspicious_customers", PackageResources.find_suspicious_customers_sql)

  static let createOffer = call("create_offer", parameters: 28)
  static let updateOffer = call("update_offer", parameters: 21)
  static let endOffer = call("end_offer", parameters: 8)
  static let raiseShowsOfOffer = call("raise_shows_of_offer", parameters: 3)
  static let raiseAbandonedShows = call("raise_abandoned_shows", parameters: 2)
  static let setPrices = call("set_prices", parameters: 17)
  static let createAllocation = call("create_allocation", parameters: 14)
  static let endAllocation = call("end_allocation", parameters: 8)
  static let listAllocations = file("list_allocations", PackageResources.list_allocations_sql)
  static let listManagedAllocations = file(
    "list_managed_allocations", PackageResources.list_managed_allocations_sql)
  static let sweepAllocations = call("sweep_allocations", parameters: 1)
  static let markSwept = file("mark_swept", PackageResources.mark_swept_sql)
  static let listManagedOffers = file(
    "list_managed_offers", PackageResources.list_managed_offers_sql)

  static let isSandbox = PostgresStatement(
    name: "is_sandbox", sql: "select exists (select from sandbox)")
  static let makeSandbox = call("make_sandbox", parameters: 0)
  static let readClock = call("read_clock", parameters: 1)
  static let advanceClock = call("advance_clock", parameters: 7)
  static let setFaults = call("set_faults", parameters: 10)
  static let readFaults = call("read_faults", parameters: 1)
  static let meetFault = call("meet_fault", parameters: 3)

  static let createAddOn = call("create_add_on", parameters: 13)
  static let updateAddOn = call("update_add_on", parameters: 13)
  static let endAddOn = call("end_add_on", parameters: 8)
  static let getAddOns = file("get_add_ons", PackageResources.get_add_ons_sql)
  static let listAddOns = file("list_add_ons", PackageResources.list_add_ons_sql)
  static let listOwnAddOns = file("list_own_add_ons", PackageResources.list_own_add_ons_sql)

  static let readShows = call("read_shows", parameters: 3)
  static let readBlocked = call("read_blocked", parameters: 2)
  static let readBookingsOfShows = call("read_bookings_of_shows", parameters: 2)
  static let readBookings = call("read_bookings", parameters: 2)
  static let readRequests = call("read_requests", parameters: 2)
  static let findRequest = PostgresStatement(
    name: "find_request", sql: "select *, clock_timestamp() from read_requests($1, $2)")
  static let writeSales = call("write_sales", parameters: 66)
  static let checkSales = call("check_sales", parameters: 7)
  static let readQueues = call("read_queues", parameters: 2)
  static let readWaits = call("read_waits", parameters: 2)
  static let writeWaits = call("write_waits", parameters: 18)
  static let touchWaits = call("touch_waits", parameters: 2)
  static let writeBlocks = call("write_blocks", parameters: 13)
  static let listBlocks = file("list_blocks", PackageResources.list_blocks_sql)
  static let verify = PostgresStatement(
    name: "verify",
    sql: """
      select * from verify_sales() union all select * from verify_waits()
      union all select * from verify_sales_stream()
      union all select * from verify_blocks()
      """)

  private static func file(_ name: String, _ bytes: [UInt8]) -> PostgresStatement {
    PostgresStatement(name: name, sql: String(decoding: bytes, as: UTF8.self))
  }

  /// One that only reads, a page or an object, and that many ask for at a time.
  private static func read(_ name: String, _ bytes: [UInt8]) -> PostgresStatement {
    PostgresStatement(name: name, sql: String(decoding: bytes, as: UTF8.self), mayFollow: true)
  }

  private static func list(
    _ name: String, _ bytes: [UInt8], isShort: (Set<Int>) -> Bool = { _ in false }
  ) -> FilteredStatement {
    FilteredStatement(name: name, sql: String(decoding: bytes, as: UTF8.self), isShort: isShort)
  }

  private static func call(_ function: String, parameters count: Int) -> PostgresStatement {
    let list = (0..<count).map { "$\($0 + 1)" }.joined(separator: ", ")
    return PostgresStatement(name: function, sql: "select * from \(function)(\(list))")
  }
}
