// The exit codes of `usher` and which failure has which. Part of the interface: scripts rely on it.

import Foundation
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
  case hungUp = 129
  case interrupted = 130
  case unread = 141
  case terminated = 143

  /// The code for a status and, if there was one, the reason in its details.
  init(_ code: StatusCode, reason: String?) {
    switch code {
    case .ok: self = .ok
    case .failedPrecondition where Self.lostSeatsReasons.contains(reason ?? ""): self = .seatsLost
    // It is the newest version that decides, not the time.
    case .aborted where reason == "LAYOUT_CHANGED": self = .other
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

  /// The code for a signal that ends a command, as a shell has it.
  init(signal: Int32) {
    switch signal {
    case SIGHUP: self = .hungUp
    case SIGTERM: self = .terminated
    default: self = .interrupted
    }
  }

  private static let lostSeatsReasons: Set = [
    "SEATS_UNAVAILABLE", "SEATS_ALLOCATED", "STRANDS_SEATS", "NO_ADJACENT_SEATS",
    "RESERVED_FOR_WAITLIST", "WAIT_IS_HOPELESS",
  ]

  /// One line for `usher help exit-codes`.
  var meaning: String {
    switch self {
    case .ok: "done"
    case .other: "any other failure"
    case .cancelledByUser: "you answered no; nothing was changed"
    case .seatsLost:
      "the seats are gone, kept for others or would strand one, or too few are left: choose others"
    case .auth: "the key is missing, wrong or not allowed to do this"
    case .notFound: "no such show, booking, city, theatre, movie or setting"
    case .usage: "the command line, the configuration or a value in the request is wrong"
    case .temporary: "the server is away or busy: the same command may work later"
    case .deadline: "the time limit passed; a change may or may not have happened"
    case .hungUp: "ended by SIGHUP: the terminal went away"
    case .interrupted: "interrupted by Ctrl-C"
    case .terminated: "ended by SIGTERM"
    case .unread: "nobody read the results to their end, as of a pipe into head; nothing is said"
    }
  }
}
