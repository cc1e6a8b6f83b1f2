// The exit codes of `usher` and which failure has which. Part of the interface: scripts rely on it.

import RPC

/// How a command can end.
enum Exit: Int32, CaseIterable, Sendable {
  case ok = 0
  case other = 1
  case cancelledByUser = 2
  case seatsLost = 3
  case auth = 4
  case notFound = 5
  case usage = 64
  case temporary = 75
  case deadline = 124
  case interrupted = 130

  /// The code for a status and, if there was one, the reason in its details.
  init(_ code: StatusCode, reason: String?) {
    switch code {
    case .ok: self = .ok
    case .failedPrecondition where Self.lostSeatsReasons.contains(reason ?? ""): self = .seatsLost
    case .unauthenticated, .permissionDenied: self = .auth
    case .notFound: self = .notFound
    case .invalidArgument: self = .usage
    case .unavailable, .resourceExhausted, .aborted: self = .temporary
    case .deadlineExceeded: self = .deadline
    case .cancelled, .unknown, .alreadyExists, .failedPrecondition, .outOfRange, .unimplemented,
      .internal, .dataLoss:
      self = .other
    }
  }

  private static let lostSeatsReasons: Set = [
    "SEATS_UNAVAILABLE", "NO_ADJACENT_SEATS", "RESERVED_FOR_WAITLIST", "WAIT_IS_HOPELESS",
  ]

  /// One line for `usher help exit-codes`.
  var meaning: String {
    switch self {
    case .ok: "done"
    case .other: "any other failure"
    case .cancelledByUser: "you answered no; nothing was changed"
    case .seatsLost:
      "the seats are gone or kept for others, or none side by side are left: choose others"
    case .auth: "the key is missing, wrong or not allowed to do this"
    case .notFound: "no such show, booking, city, theatre, movie or setting"
    case .usage: "the command line, the configuration or a value in the request is wrong"
    case .temporary: "the server is away or busy: the same command may work later"
    case .deadline: "the time limit passed; a change may or may not have happened"
    case .interrupted: "interrupted by Ctrl-C"
    }
  }
}
