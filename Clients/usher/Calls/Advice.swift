// What to tell a person about a failed call: a sentence, and the command to go on with.

import RPC

/// What a call was about, as far as advice needs to know.
struct Advice: Sendable {
  var showId: Int64?
  var bookingId: String?
  /// The change's request id; nil for a read.
  var requestId: String?
  /// The command that makes the same change again, request id included.
  var repetition: String?
  /// Global flags to repeat in a command.
  var flags = ""

  /// What to say when the person interrupts the call.
  var farewell: String? {
    guard let requestId else { return nil }
    let again = repetition.map { "\n  next: \($0)" } ?? ""
    return
      "usher: interrupted; whether it happened is not known\n  request id: \(requestId)\(again)"
  }

  /// The failure with advice.
  func failure(_ error: RPCError) -> Failure {
    var failure = Failure(error)
    advise(&failure, error)
    if isUncertain(error.code), let requestId {
      failure.requestId = requestId
      failure.hint =
        "Whether it happened is not known. The same command with the same request id "
        + "finds out, and does nothing twice."
      failure.next = repetition
    }
    return failure
  }

  private func isUncertain(_ code: StatusCode) -> Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .cancelled, .unknown, .internal, .aborted, .dataLoss: true
    default: false
    }
  }

  private func advise(_ failure: inout Failure, _ error: RPCError) {
    if let reason = failure.reason, let (hint, next) = advice(reason) {
      (failure.hint, failure.next) = (hint, next)
      return
    }
    switch error.code {
    case .unauthenticated:
      failure.hint = "Selling needs a partner's key: --token-file FILE or USHER_TOKEN."
    case .permissionDenied: failure.hint = "The key is not allowed to do this."
    case .notFound where showId != nil:
      (failure.hint, failure.next) = ("Show ids are in the list of shows.", "usher shows\(flags)")
    case .unavailable: failure.hint = unavailableHint(error.message)
    case .resourceExhausted: failure.hint = "The server is busy; try again later."
    case .deadlineExceeded: failure.hint = "Give it more time with --timeout."
    default: break
    }
  }

  private func unavailableHint(_ message: String) -> String {
    let lower = message.lowercased()
    if lower.contains("certificate") {
      return "--ca FILE names the authority to trust; the demo writes it to DIR/ca.pem."
    }
    if lower.contains("tls") || lower.contains("ssl") || lower.contains("wrong version") {
      return "Does the server speak TLS? --insecure is for one that speaks cleartext."
    }
    if lower.contains("closed the connection") {
      return "--insecure is for a server that speaks cleartext, and only for one."
    }
    return "Is the server running, and is the address right?"
  }

  /// Advice by the reason that the server gives; reasons are its stable interface.
  private func advice(_ reason: String) -> (hint: String, next: String?)? {
    let show = showId.map { "\($0)" } ?? "SHOW"
    let booking = bookingId ?? "BOOKING"
    switch reason {
    case "SEATS_UNAVAILABLE":
      return (
        "Choose others on the map, or let the server choose with --best.",
        "usher seats \(show)\(flags)"
      )
    case "NO_ADJACENT_SEATS":
      return (
        "Ask for fewer seats or another tier, or choose single ones on the map.",
        "usher seats \(show)\(flags)"
      )
    case "HOLD_LIMIT_EXCEEDED":
      return ("A customer can hold ten seats of a show; release or confirm some first.", nil)
    case "SALES_CLOSED": return ("This show is not on sale.", "usher shows\(flags)")
    case "HOLD_EXPIRED", "HOLD_RELEASED":
      return ("The seats are free for anyone again; hold them anew.", "usher seats \(show)\(flags)")
    case "STRANDS_SEATS":
      return (
        "The theatre wants no single seat left alone: choose others, or let the server choose.",
        "usher seats \(show)\(flags)"
      )
    case "EXTENDED_BEFORE":
      return ("A hold can be extended once.", "usher booking \(booking)\(flags)")
    case "FOREIGN_HOLD": return ("The booking belongs to another partner's key.", nil)
    case "BOOKING_STATE":
      return ("The booking is past this step.", "usher booking \(booking)\(flags)")
    case "REQUEST_FENCED":
      return ("This request id was fenced; leave --request-id away for a new one.", nil)
    case "SHOW_BEGAN": return ("A booking can be exchanged until its show begins.", nil)
    case "CURRENCY_DIFFERS":
      return ("Cancel the booking and hold the other seats instead.", nil)
    case "SEATS_NOT_IN_BOOKING":
      return ("Its seats are listed with the booking.", "usher booking \(booking)\(flags)")
    case "REQUEST_ID_REUSED":
      return (
        "This request id was used for something else; leave --request-id away for a new one.",
        nil
      )
    default: return nil
    }
  }
}
