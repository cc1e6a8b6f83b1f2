// What to tell a person about a failed call: a sentence, and the command to go on with.

import RPC

/// What a call was about, as far as advice needs to know.
struct Advice: Sendable {
  var showId: Int64?
  var bookingId: String?
  var theatreId: Int64?
  /// Show and booking of each item of a batch.
  var items: [Subject] = []
  /// The change's request id; nil for a read.
  var requestId: String?
  /// The command that makes the same change again, request id included.
  var repetition: String?
  /// Whether the token is a customer's, and no partner's key.
  var isCustomer = false
  /// Global flags to repeat in a command.
  var flags = ""

  /// What an item of a batch is about.
  struct Subject: Sendable {
    var showId: Int64?
    var bookingId: String?
  }

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
    // Whoever names a booking only is told its show.
    var advice = self
    let details = ErrorDetails(error.details)
    let item = details.item.flatMap { items.indices.contains($0) ? items[$0] : nil }
    advice.showId = showId ?? details.show.flatMap { Int64($0) } ?? item?.showId
    advice.bookingId = bookingId ?? item?.bookingId
    advice.advise(&failure, error)
    if isUncertain(error.code), let requestId {
      failure.requestId = requestId
      failure.hint =
        "Whether it happened is not known. The same command with the same request id "
        + "finds out, and does nothing twice."
      failure.next = repetition
    }
    return failure
  }

  /// The failure of a change without a request id, which nothing but a look can clear up.
  func failureOfAct(_ error: RPCError) -> Failure {
    var failure = failure(error)
    // What says why has done nothing, but for a server that did not get to know itself.
    let knowsNothing = [nil, "DATABASE_UNAVAILABLE", "INTERNAL_ERROR"].contains(failure.reason)
    guard isUncertain(error.code), error.code != .aborted, knowsNothing,
      !error.message.hasPrefix("cannot connect")
    else { return failure }
    let hint = failure.hint.map { " \($0)" } ?? ""
    failure.hint = "Whether it happened is not known: look before you repeat it.\(hint)"
    return failure
  }

  private func isUncertain(_ code: StatusCode) -> Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .cancelled, .unknown, .internal, .aborted, .dataLoss: true
    default: false
    }
  }

  private func advise(_ failure: inout Failure, _ error: RPCError) {
    let isAboutSeats = failure.violations.contains { $0.field.hasPrefix("seats") }
    let hint =
      isAboutSeats && showId != nil
      ? seatsHint : failure.reason.flatMap { advice($0, payment: failure.payment) }
    if let (hint, next) = hint ?? usualReason(error.code).flatMap({ advice($0) }) {
      (failure.hint, failure.next) = (hint, next)
      return
    }
    switch error.code {
    case .notFound where showId != nil:
      (failure.hint, failure.next) = ("Show ids are in the list of shows.", "usher shows\(flags)")
    case .unavailable: failure.hint = unavailableHint(error.message)
    case .resourceExhausted:
      failure.hint = "Something had its limit: the request's size, or how often one may call."
    case .deadlineExceeded: failure.hint = "Give it more time with --timeout."
    default: break
    }
  }

  /// What a code means that comes without a reason.
  private func usualReason(_ code: StatusCode) -> String? {
    switch code {
    case .unauthenticated: "CREDENTIALS_MISSING"
    case .permissionDenied: "SCOPE_MISSING"
    default: nil
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
}
