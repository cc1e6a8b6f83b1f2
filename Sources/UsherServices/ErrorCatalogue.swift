// What every refusal means and what a program does about it, once per reason. Protos/ERRORS.md is
// printed from here by `usherd errors`, and the CLI and people read that.

package import RPC

/// What is told of one reason.
package struct ErrorCatalogueEntry: Sendable {
  /// The status code that it always comes with.
  package let code: StatusCode
  /// Names of the metadata in its ErrorInfo.
  package let metadata: [String]
  /// What it means.
  package let meaning: String
  /// What a program does.
  package let advice: String

  init(_ code: StatusCode, _ metadata: [String] = [], _ meaning: String, _ advice: String) {
    self.code = code
    self.metadata = metadata
    self.meaning = meaning
    self.advice = advice
  }
}

/// The catalogue as a document.
package enum ErrorCatalogue {
  /// Protos/ERRORS.md.
  package static var markdown: String {
    let rows = Reason.allCases.sorted { $0.rawValue < $1.rawValue }.map { reason in
      let entry = reason.entry
      let metadata = entry.metadata.map { "`\($0)`" }.joined(separator: ", ")
      return "| `\(reason.rawValue)` | \(entry.code.name) | \(metadata.isEmpty ? "–" : metadata) "
        + "| \(entry.meaning) | \(entry.advice) |\n"
    }
    return head + rows.joined()
  }

  private static let head = """
    # Why calls are refused

    Printed by `usherd errors`; a test compares the two.

    Every refusal has a `google.rpc.Status` in `grpc-status-details-bin` with exactly one \
    `google.rpc.ErrorInfo` of the domain `usher`. Programs decide by its `reason`; messages are for people \
    and may change. A reason always comes with the same code. `INVALID_FIELDS` has a `BadRequest` that \
    names every wrong field at once, and whatever is worth trying again after a while a `RetryInfo` that \
    says when. The refusal of an atomic batch has the index of the item that cannot be, from 0, in the \
    metadata `item` besides. A program that meets a reason it does not know goes by the code. Without an \
    ErrorInfo the status is the transport's: the deadline has passed, the peer is away, the message is \
    too long or not of this protocol.

    | reason | code | metadata | meaning | what to do |
    |---|---|---|---|---|

    """
}

extension Reason {
  /// The status code that it always comes with. Read for each refusal, so it is looked up once.
  package var code: StatusCode { Self.codes[self] ?? .internal }
  private static let codes = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0, $0.entry.code) })

  /// What is told of it.
  package var entry: ErrorCatalogueEntry {
    aboutSeats ?? aboutBookings ?? aboutMovies ?? aboutCallers ?? aboutTheHouse
      ?? aboutTerms ?? aboutTheServer
  }

  private var aboutMovies: ErrorCatalogueEntry? {
    switch self {
    case .movieNotFound:
      .init(.notFound, ["movie"], "There is no such movie.", "Read the catalogue again.")
    case .reviewNotFound:
      .init(
        .notFound, ["review", "movie"],
        "There is no such review, it is hidden, or the account has none of this movie.",
        "List the movie's reviews again.")
    case .commentNotFound:
      .init(
        .notFound, ["comment"],
        "There is no such comment that stands, it cannot be replied to, or it is somebody else's.",
        "List the thread again.")
    case .threadFull:
      .init(
        .failedPrecondition, ["review"],
        "The thread has as many comments as it may have, or as one account may make.",
        "Nothing more can be said there.")
    default: nil
    }
  }

  private var aboutSeats: ErrorCatalogueEntry? {
    switch self {
    case .seatsUnavailable:
      .init(
        .failedPrecondition, ["show", "seats", "states", "version"],
        "Some of the seats are not free; all of those are named, and what they were as of the version.",
        "Show the map again, at least of that version, and let the customer choose others.")
    case .noAdjacentSeats:
      .init(
        .failedPrecondition, ["show"], "So many seats side by side are not left.",
        "Ask for fewer, for another tier, or allow a split.")
    case .holdLimitExceeded:
      .init(
        .failedPrecondition, ["show"],
        "The customer would have more seats of the show than the theatre allows.",
        "Release a hold, or cancel seats of the show; the theatre sets the cap.")
    case .strandsSeats:
      .init(
        .failedPrecondition, ["show", "seats"],
        "The booking would leave single seats alone, which this theatre forbids.",
        "Choose others, or let the server choose.")
    case .salesClosed:
      .init(.failedPrecondition, ["show"], "The show is not on sale.", "Offer another show.")
    case .reservedForWaitlist:
      .init(
        .failedPrecondition, ["show"], "The show's free seats are for those who wait in line.",
        "Stand in line: JoinWaitlist.")
    case .waitlistFull:
      .init(
        .resourceExhausted, ["show"], "The line is as long as it may be.", "Try again later.")
    case .waitIsHopeless:
      .init(
        .failedPrecondition, ["show"], "So few seats are not sold that waiting cannot help.",
        "Offer another show, or fewer seats.")
    case .waitEnded:
      .init(
        .failedPrecondition, ["show", "state"], "The party has lost its place, or left it.",
        "Join anew, with another request_id.")
    case .waitNotFound:
      .init(.notFound, ["wait"], "Nobody waits by this request_id.", "Nothing is to be left.")
    case .showNotFound:
      .init(.notFound, ["show"], "There is no such show.", "Read the catalogue again.")
    case .showBegan:
      .init(
        .failedPrecondition, ["booking"], "The booking's show has begun.",
        "It cannot be exchanged any more.")
    case .currencyDiffers:
      .init(
        .failedPrecondition, ["show", "booking"],
        "A show is sold in another currency than the booking to be exchanged, or the prices to be set; or an add-on than the booking.",
        "Cancel, and book the other show; set prices, and choose add-ons, in the currency of the show."
      )
    default: nil
    }
  }

  private var aboutBookings: ErrorCatalogueEntry? {
    switch self {
    case .bookingNotFound:
      .init(
        .notFound, ["booking"], "There is no such booking, or it is another's.",
        "Check the id; a booking is seen by the partner that made it.")
    case .holdExpired:
      .init(
        .failedPrecondition, ["booking", "state", "payment"],
        "The hold's time was over, and its seats are gone.",
        "Give back what was paid when `payment` is REFUND; hold anew.")
    case .holdReleased:
      .init(
        .failedPrecondition, ["booking", "state", "payment"], "The hold was released.",
        "Give back what was paid when `payment` is REFUND; hold anew.")
    case .extendedBefore:
      .init(.failedPrecondition, ["booking"], "A hold is extended once.", "Confirm or release it.")
    case .bookingState:
      .init(
        .failedPrecondition, ["booking", "state"], "What the booking is now does not allow that.",
        "Read the booking.")
    case .seatsNotInBooking:
      .init(
        .failedPrecondition, ["booking", "seats"], "The booking does not have these seats.",
        "Read the booking.")
    case .requestIDReused:
      .init(
        .invalidArgument, [], "The request_id was used with another request.",
        "A bug: make a new request_id for each new request, and keep it for repetitions only.")
    case .requestFenced:
      .init(
        .failedPrecondition, [], "The request_id was fenced, and so never has an effect.",
        "Make a new request_id.")
    case .requestNotFound:
      .init(
        .notFound, ["request"], "No request of this id has had an effect.",
        "Fence it before you give it up, or repeat it.")
    default: nil
    }
  }

  private var aboutCallers: ErrorCatalogueEntry? {
    switch self {
    case .credentialsMissing:
      .init(.unauthenticated, [], "The method needs a credential.", "Show a key or a token.")
    case .credentialsInvalid:
      .init(
        .unauthenticated, ["sha256"],
        "The key, token or certificate is not good. Which of the reasons it is, is not told.",
        "Refresh a token; ask the operator about a key or certificate, by its `sha256`.")
    case .scopeMissing:
      .init(
        .permissionDenied, ["scope"], "The key lacks the scope of the method.",
        "Use another key, or ask the operator for one.")
    case .theatreNotGranted:
      .init(
        .permissionDenied, [],
        "The theatre, or what belongs to it, is not the caller's; or there is none.",
        "Use the key of the theatre's partner.")
    case .accountRequired:
      .init(
        .permissionDenied, [], "The method is for customers' own accounts.",
        "Log in; a key cannot do this.")
    case .accountBlocked:
      .init(.permissionDenied, [], "The account is blocked.", "Ask the operator.")
    case .accountClosed:
      .init(.failedPrecondition, [], "The account is closed for good.", "Sign up anew.")
    case .emailTaken:
      .init(.alreadyExists, [], "An account has this e-mail address.", "Log in.")
    case .loginFailed:
      .init(
        .unauthenticated, [], "The e-mail address or the password is wrong.",
        "Ask the person again.")
    case .loginLocked:
      .init(
        .resourceExhausted, [], "Too many wrong passwords for this address.",
        "Wait as long as the RetryInfo says.")
    case .passwordChanged:
      .init(
        .failedPrecondition, [],
        "The password was right, but has been changed in between, or the account blocked or closed.",
        "Log in with the password as it is now.")
    case .sessionOver:
      .init(
        .unauthenticated, [], "The refresh token is not good, or no longer.", "Log in again.")
    case .rateLimited:
      .init(
        .resourceExhausted, ["lane", "calls_per_second"],
        "The credential, or the caller's address, has called too often of late.",
        "Wait as long as the RetryInfo says, then repeat with the same request_id.")
    default: nil
    }
  }

  private var aboutTheHouse: ErrorCatalogueEntry? {
    switch self {
    case .theatreNotFound:
      .init(.notFound, ["theatre"], "There is no such theatre.", "Read the catalogue again.")
    case .theatreNameTaken:
      .init(
        .alreadyExists, [], "Another theatre of the city has the name.", "Choose another name.")
    case .auditoriumNotFound:
      .init(
        .notFound, ["auditorium"], "There is no such auditorium.", "List the theatre's auditoriums."
      )
    case .auditoriumNameTaken:
      .init(
        .alreadyExists, [], "Another auditorium of the theatre has the name.",
        "Choose another name.")
    case .showsToCome:
      .init(
        .failedPrecondition, ["shows"],
        "The theatre or auditorium to be closed has shows to come, or seats are held; how many shows is named.",
        "Cancel the shows, or wait until they and the holds are over.")
    case .layoutNotFound:
      .init(
        .notFound, ["layout"], "The auditorium has no layout, or none of that version.",
        "List its versions.")
    case .layoutChanged:
      .init(
        .aborted, ["layout_version"], "Somebody else has changed the layout in between.",
        "Read the newest version, and import on top of that.")
    case .tooManyLayouts:
      .init(
        .failedPrecondition, ["layouts"],
        "The auditorium has had too many new layouts within a year; the bound is named.",
        "Make another auditorium for what is arranged anew all the time.")
    case .seatNumbersUsedUp:
      .init(
        .failedPrecondition, [], "The auditorium has had too many different seat labels.",
        "Make another auditorium with these seats.")
    case .movieExists:
      .init(
        .alreadyExists, ["movie"], "There is a movie of this title and release date.",
        "Use the one that is named.")
    case .movieAmbiguous:
      .init(
        .failedPrecondition, [], "Several movies have the title that a row of a schedule gives.",
        "Name the movie by its id.")
    case .noSuchTime:
      .init(
        .failedPrecondition, [], "The theatre's clock goes forward and skips the time of a row.",
        "Give another hour, or a moment with its offset.")
    case .showOver:
      .init(
        .failedPrecondition, [], "The show of a row of a schedule is over, or would be.",
        "Leave the row out.")
    case .priceMissing:
      .init(
        .failedPrecondition, [], "A tier of the auditorium has no price in a row of a schedule.",
        "Read the layout, and give each of its tiers a price.")
    case .showElsewhere:
      .init(
        .failedPrecondition, [],
        "The show of a row's reference is in another auditorium, which never changes.",
        "Cancel it, and make one of another reference.")
    case .showHasSales:
      .init(
        .failedPrecondition, [],
        "Somebody has seats of the show, or waits for some: only prices and its sale can change. "
          + "Once seats were paid for, its currency never changes.",
        "Leave it as it is, or make another show of another reference.")
    case .showOverlaps:
      .init(
        .failedPrecondition, ["show"], "Another show is in the auditorium at the time.",
        "Move one of the two, or cancel it.")
    case .scheduleTooLarge:
      .init(
        .failedPrecondition, ["shows"],
        "A stream with a schedule names more shows than can be remembered; the bound is named.",
        "Send the rest on a stream of its own, and shorter spans as a whole.")
    case .accountNotFound:
      .init(.notFound, ["account"], "There is no such account.", "Check the id or address.")
    case .partnerNotFound:
      .init(.notFound, ["partner"], "There is no such partner.", "List the partners.")
    case .partnerNameTaken:
      .init(.alreadyExists, [], "Another partner has the name.", "Choose another name.")
    case .apiKeyNotFound:
      .init(.notFound, ["api_key"], "There is no such key.", "List the keys.")
    case .apiKeyOver:
      .init(
        .failedPrecondition, ["api_key"],
        "The key is over, has a successor, or a certificate stands for it.",
        "Make a new key; renew a certificate at its authority.")
    case .certificateTaken:
      .init(
        .alreadyExists, ["certificate"], "The certificate stands for another key.",
        "Revoke that key first.")
    default: nil
    }
  }

  private var aboutTerms: ErrorCatalogueEntry? {
    switch self {
    case .seatsNotFound:
      .init(
        .failedPrecondition, ["show", "seats"], "The show or auditorium has no such seats.",
        "Read the layout again.")
    case .seatsNotBlocked:
      .init(
        .failedPrecondition, ["show", "seats"],
        "Some of the seats are not withdrawn; the first of them are named.",
        "List the withdrawn seats.")
    case .seatsAllocated:
      .init(
        .failedPrecondition, ["show", "seats"],
        "Seats are set aside for another partner until a time.",
        "Choose others: GetShow tells what is set aside and until when.")
    case .allocationNotFound:
      .init(.notFound, ["allocation"], "There is no such allocation.", "List the show's.")
    case .offerNotFound:
      .init(.notFound, ["offer"], "There is no such offer.", "List the offers.")
    case .tooManyOffers:
      .init(
        .failedPrecondition, [], "As many offers as one may have have not ended.",
        "End those that are over.")
    case .tooManyAllocations:
      .init(
        .failedPrecondition, [], "So much of the show is set aside that no more may be.",
        "Return some, or set more seats aside at once.")
    case .offerEnded:
      .init(.failedPrecondition, [], "The offer has ended.", "Make another.")
    case .addOnNotFound:
      .init(
        .notFound, ["add_on"], "The theatre has no such add-ons; their ids are named.",
        "List the show's add-ons.")
    case .addOnEnded:
      .init(
        .failedPrecondition, ["booking", "add_ons"], "These add-ons have ended.",
        "List the show's add-ons, and attach others.")
    case .addOnLimitExceeded:
      .init(
        .failedPrecondition, ["booking", "add_ons"],
        "A seat would have more of these add-ons than their theatre allows.",
        "Attach no more than `most_per_seat`.")
    case .tierNotFound:
      .init(
        .failedPrecondition, ["tiers"], "None of the shows has tiers of these names.",
        "Read the shows' prices.")
    case .noShows:
      .init(
        .failedPrecondition, [], "The theatre has no such shows to come.",
        "List the theatre's shows.")
    case .tooManyShows:
      .init(
        .failedPrecondition, [], "More shows are meant than are changed at a time.",
        "Name a movie, an auditorium, or a shorter time.")
    default: nil
    }
  }

  private var aboutTheServer: ErrorCatalogueEntry {
    switch self {
    case .invalidFields:
      .init(
        .invalidArgument, ["fields"], "Fields of the request are wrong; the BadRequest says how.",
        "Correct the request; repeating it cannot help.")
    case .notASandbox:
      .init(
        .failedPrecondition, [], "The platform is live: it has no clock and no faults to set.",
        "Call the sandbox's address.")
    case .pageTokenInvalid:
      .init(
        .invalidArgument, [], "The page token is not of this listing with these filters.",
        "Begin with the first page.")
    case .statisticsTooLarge:
      .init(
        .failedPrecondition, ["shows", "rows"],
        "More shows or groups than are counted at a time; the bound is named.",
        "Ask for fewer days, or one theatre.")
    case .positionAhead:
      .init(
        .outOfRange, ["newest"], "The position of the stream of sales was never given.",
        "Check that it is this server's; begin with 0.")
    case .ticketCodeAmbiguous:
      .init(
        .failedPrecondition, ["bookings"],
        "Two bookings that the caller may see share the ticket's code.",
        "Ask for what else tells them apart, and use the ids that are named.")
    case .salesForgotten:
      .init(
        .failedPrecondition, ["oldest"],
        "Sales behind the position are not kept any more; the oldest that is kept is named.",
        "Compare your record by GetShowDigest, and go on from there.")
    case .salesStreamsExceeded:
      .init(
        .resourceExhausted, ["streams"],
        "The key has as many streams of sales open on the node as one may have.",
        "End one, or wait as long as the RetryInfo says; let one stream serve several purposes.")
    case .overloaded:
      .init(
        .resourceExhausted, [], "More is waiting than can be done soon.",
        "Wait as long as the RetryInfo says, then repeat with the same request_id.")
    case .databaseUnavailable:
      .init(
        .unavailable, [], "The database is away. Whether a change happened may not be known.",
        "Repeat with the same request_id, which never does anything twice.")
    case .conflict:
      .init(
        .aborted, [], "Another request was in the way.",
        "Repeat with the same request_id after the time that the RetryInfo says.")
    default:
      .init(
        .internal, [], "The server failed, and has logged how.",
        "Repeat once with the same request_id; then tell the operator.")
    }
  }
}
