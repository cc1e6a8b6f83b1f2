// What to do about each refusal, by the reason that the server gives: reasons are its stable
// interface.

extension Advice {
  /// A sentence, and perhaps a command to go on with.
  typealias Hint = (hint: String, next: String?)

  /// Nil for a reason from a later version of the service. `payment` is what is to become of what was
  /// paid, where the refusal says so.
  func advice(_ reason: String, payment: String? = nil) -> Hint? {
    if payment == "REFUND" {
      return ("Nothing was sold: give back what was paid, and hold other seats.", map)
    }
    return aboutSeats(reason) ?? aboutMovies(reason) ?? aboutWaiting(reason)
      ?? aboutBookings(reason) ?? aboutRequests(reason) ?? aboutAccounts(reason)
      ?? aboutTheHouse(reason) ?? aboutTerms(reason) ?? aboutServer(reason)
  }

  private var show: String { showId.map { "\($0)" } ?? "SHOW" }
  private var map: String { "usher seats \(show)\(flags)" }
  private var booking: String { "usher booking \(bookingId ?? "BOOKING")\(flags)" }

  /// What to do about seats that a request names wrongly.
  var seatsHint: Hint { ("Seats and their labels are on the map of the show.", map) }

  private func aboutSeats(_ reason: String) -> Hint? {
    switch reason {
    case "SEATS_UNAVAILABLE":
      ("Choose others on the map, or let the server choose with --best.", map)
    case "NO_ADJACENT_SEATS":
      (
        "Ask for fewer seats or another tier, choose single ones on the map, or wait for seats "
          + "that are only held: usher wait.", map
      )
    case "STRANDS_SEATS":
      (
        "The theatre wants no single seat left alone: choose others, or let the server choose.",
        map
      )
    case "HOLD_LIMIT_EXCEEDED":
      ("Release a hold, or cancel seats of the show; the theatre sets the cap.", nil)
    case "SALES_CLOSED":
      (
        "It is over, was cancelled, or is not for sale yet: choose another show.",
        "usher shows\(flags)"
      )
    case "SHOW_NOT_FOUND": ("Show ids are in the list of shows.", "usher shows\(flags)")
    case "THEATRE_NOT_FOUND":
      ("Theatre ids are in the list of theatres.", "usher theatres\(flags)")
    default: nil
    }
  }

  private func aboutMovies(_ reason: String) -> Hint? {
    switch reason {
    case "MOVIE_NOT_FOUND": ("Movie ids are in the list of movies.", "usher movies\(flags)")
    case "REVIEW_NOT_FOUND", "COMMENT_NOT_FOUND":
      ("Reviews are listed by movie, comments by review.", "usher review list MOVIE\(flags)")
    case "THREAD_FULL": ("A review has a thousand comments at most.", nil)
    default: nil
    }
  }

  private func aboutWaiting(_ reason: String) -> Hint? {
    let wait = "usher wait \(show) --seats COUNT\(flags)"
    return switch reason {
    case "RESERVED_FOR_WAITLIST": ("Others wait for these seats; stand in line with them.", wait)
    case "WAITLIST_FULL": ("The line is as long as it may be; try again later.", nil)
    case "WAIT_IS_HOPELESS":
      ("Too few seats can still become free; ask for fewer, or for another show.", map)
    case "WAIT_ENDED":
      (
        "It left, its stream was away for over a minute, or it has waited for an hour. "
          + "A new place is at the end of the line.", wait
      )
    case "WAIT_NOT_FOUND": ("This request id has no place in the show's line.", nil)
    default: nil
    }
  }

  private func aboutBookings(_ reason: String) -> Hint? {
    switch reason {
    case "HOLD_EXPIRED", "HOLD_RELEASED":
      ("Its seats are gone, or anybody's; hold seats anew.", map)
    case "EXTENDED_BEFORE": ("A hold can be extended once.", booking)
    case "BOOKING_STATE":
      (
        "What it is now does not allow that: holds are confirmed or released, sales cancelled, and a "
          + "hold is exchanged only within its show.", booking
      )
    case "BOOKING_NOT_FOUND": ("A key sees only the bookings that were made with it.", nil)
    case "SHOW_BEGAN": ("A booking can be exchanged until its show begins.", nil)
    case "CURRENCY_DIFFERS": ("Cancel the booking and hold the other seats instead.", nil)
    case "SEATS_NOT_IN_BOOKING": ("Its seats are listed with the booking.", booking)
    default: nil
    }
  }

  private func aboutRequests(_ reason: String) -> Hint? {
    switch reason {
    case "REQUEST_FENCED":
      ("This request id was fenced; leave --request-id away for a new one.", nil)
    case "REQUEST_ID_REUSED":
      (
        "This request id was used for something else; leave --request-id away for a new one.", nil
      )
    case "REQUEST_NOT_FOUND":
      (
        "It was refused, is under way or never arrived; 'usher fence' sees to it that it never runs.",
        nil
      )
    case "NOT_A_SANDBOX":
      ("--server names a sandbox; on a live platform nothing can be moved or broken.", nil)
    case "INVALID_FIELDS": ("--help tells what each value may be.", nil)
    case "SALES_STREAMS_EXCEEDED":
      ("End another 'usher partner sales watch' of this key, or wait a little.", nil)
    case "STATISTICS_TOO_LARGE": ("Ask for fewer days, or one theatre.", nil)
    case "POSITION_AHEAD":
      ("Is the position another server's? --after 0 begins with all that is kept.", nil)
    case "TICKET_CODE_AMBIGUOUS":
      ("'usher partner sales bookings' of the show tells which of the two it is.", nil)
    case "SALES_FORGOTTEN":
      (
        "What was sold before is not kept; compare with 'usher partner sales digest' and begin anew.",
        "usher partner sales watch --after 0\(flags)"
      )
    case "PAGE_TOKEN_INVALID": ("The list changed its shape on the way; ask for it again.", nil)
    default: nil
    }
  }

  private func aboutAccounts(_ reason: String) -> Hint? {
    switch reason {
    case "EMAIL_TAKEN":
      ("Log in, or sign up with another address.", "usher account log-in EMAIL\(flags)")
    case "LOGIN_FAILED": ("Each wrong password in a row makes the next wait longer.", nil)
    case "LOGIN_LOCKED": ("Too many wrong passwords in a row: wait as long as it says.", nil)
    case "PASSWORD_CHANGED":
      ("Log in with the password as it is now.", "usher account log-in EMAIL\(flags)")
    case "SESSION_OVER": ("Log in again.", "usher account log-in EMAIL\(flags)")
    case "ACCOUNT_REQUIRED":
      ("This needs a customer's access token, not a key.", "usher account log-in EMAIL\(flags)")
    case "ACCOUNT_BLOCKED": ("Only the operator can readmit it.", nil)
    case "ACCOUNT_CLOSED", "ACCOUNT_NOT_FOUND":
      ("Accounts are shown by id or e-mail address.", "usher admin account EMAIL\(flags)")
    default: nil
    }
  }

  private func aboutTheHouse(_ reason: String) -> Hint? {
    switch reason {
    case "PARTNER_NOT_FOUND", "PARTNER_NAME_TAKEN":
      ("Partners and their numbers are listed.", "usher admin partners\(flags)")
    case "THEATRE_NAME_TAKEN":
      ("One's own theatres are listed.", "usher partner theatres\(flags)")
    case "AUDITORIUM_NOT_FOUND", "AUDITORIUM_NAME_TAKEN":
      ("Auditoriums are listed by theatre.", "usher partner auditorium list THEATRE\(flags)")
    case "SHOWS_TO_COME":
      (
        "Withdraw the shows to come, or wait until they and the holds are over.",
        "usher shows --theatre \(theatreId.map { "\($0)" } ?? "THEATRE")\(flags)"
      )
    case "LAYOUT_NOT_FOUND", "LAYOUT_CHANGED":
      ("Its versions are listed.", "usher partner layout versions AUDITORIUM\(flags)")
    case "TOO_MANY_LAYOUTS": ("Make another auditorium for what changes all the time.", nil)
    case "SEAT_NUMBERS_USED_UP": ("Make another auditorium with these seats.", nil)
    case "MOVIE_AMBIGUOUS":
      ("Movies have ids; add what is missing.", "usher partner movie create TITLE\(flags)")
    case "NO_SUCH_TIME": ("The clock goes forward there; give another hour.", nil)
    case "SHOW_OVER", "SHOW_ELSEWHERE", "SHOW_HAS_SALES":
      ("Make another show, under another reference.", nil)
    case "SHOW_OVERLAPS": ("Move one of the two, or withdraw it.", "usher shows\(flags)")
    case "SCHEDULE_TOO_LARGE": ("Split the file by time; upload one part after the other.", nil)
    case "PRICE_MISSING":
      ("Every tier of the layout needs a price.", "usher partner layout show AUDITORIUM\(flags)")
    case "MOVIE_EXISTS": ("Use the one that there is.", "usher search TITLE\(flags)")
    case "API_KEY_NOT_FOUND": ("Keys and their numbers are listed.", "usher admin keys\(flags)")
    case "CERTIFICATE_TAKEN":
      ("One certificate stands for one key.", "usher admin keys\(flags)")
    case "API_KEY_OVER":
      ("A key that is over has no successor: make another.", "usher admin keys\(flags)")
    default: nil
    }
  }

  private func aboutTerms(_ reason: String) -> Hint? {
    switch reason {
    case "OFFER_NOT_FOUND", "OFFER_ENDED":
      ("One's own offers are listed.", "usher partner offer list\(flags)")
    case "ADD_ON_NOT_FOUND", "ADD_ON_ENDED", "ADD_ON_LIMIT_EXCEEDED":
      ("What bookings of a show can have is listed.", "usher add-ons \(show)\(flags)")
    case "SEATS_NOT_FOUND", "TIER_NOT_FOUND":
      ("Seats and tiers are on the map of a show.", map)
    case "SEATS_ALLOCATED":
      ("They are set aside for another partner for now; choose others.", map)
    case "ALLOCATION_NOT_FOUND":
      ("Allocations are listed by show.", "usher partner allocation list \(show)\(flags)")
    case "SEATS_NOT_BLOCKED":
      ("Withdrawn seats are listed.", "usher partner blocks \(show)\(flags)")
    case "NO_SHOWS": ("Shows to come are listed.", "usher shows\(flags)")
    case "TOO_MANY_OFFERS":
      ("End offers that are over.", "usher partner offer list\(flags)")
    case "TOO_MANY_ALLOCATIONS":
      ("Return some, or set more seats aside at once.", nil)
    case "TOO_MANY_SHOWS": ("Name a movie, an auditorium or a time.", nil)
    default: nil
    }
  }

  private var staleToken: Hint {
    (
      "An access token lasts for minutes: take the next one, or log in again.",
      "usher account refresh --refresh-file FILE\(flags)"
    )
  }

  private func aboutKey(_ reason: String) -> Hint {
    reason == "CREDENTIALS_INVALID"
      ? ("The server does not know this key: is it another server's, or withdrawn?", nil)
      : ("Selling needs a partner's key: --token-file FILE or USHER_TOKEN.", nil)
  }

  private func aboutServer(_ reason: String) -> Hint? {
    switch reason {
    case "CREDENTIALS_MISSING", "CREDENTIALS_INVALID":
      isCustomer ? staleToken : aboutKey(reason)
    case "SCOPE_MISSING":
      (
        isCustomer
          ? "This needs a key, not a customer's token." : "The key is not allowed to do this.", nil
      )
    case "THEATRE_NOT_GRANTED": ("The key is for other theatres.", "usher theatres\(flags)")
    case "RATE_LIMITED": ("This key calls too often: wait as long as it says.", nil)
    case "OVERLOADED": ("The server is busy; try again later.", nil)
    case "DATABASE_UNAVAILABLE": ("The server's database is away; try again later.", nil)
    case "CONFLICT": ("Another request was in the way; try again.", nil)
    case "INTERNAL_ERROR": ("The fault is the server's, and in its log.", nil)
    default: nil
    }
  }
}
