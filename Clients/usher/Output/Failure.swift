// The client's one error type: what went wrong, how to leave, and what the person can do about it.

import ProtoWire
import RPC
import UsherProtos

/// A failed command. Its texts may hold a peer's words; printing cleans them.
struct Failure: Error, Equatable {
  struct Violation: Equatable {
    let field: String
    let description: String
  }

  var exit: Exit
  var message: String
  /// The gRPC code's name when the failure came from a call.
  var code: String?
  /// `ErrorInfo.reason`.
  var reason: String?
  /// What is to become of what was paid, where the reason says so: `REFUND`.
  var payment: String?
  /// Labels of the seats that were lost.
  var seats: [String] = []
  var violations: [Violation] = []
  /// How long the server asks to wait.
  var retryAfter: Duration?
  /// The request id of a change whose outcome is not known.
  var requestId: String?
  /// What to do, in a sentence.
  var hint: String?
  /// A command to do it with.
  var next: String?
  /// The serialized `google.rpc.Status`, or empty.
  var details: [UInt8] = []

  init(_ exit: Exit, _ message: String, hint: String? = nil, next: String? = nil) {
    self.exit = exit
    self.message = message
    self.hint = hint
    self.next = next
  }

  /// A call's failure without advice.
  init(_ error: RPCError) {
    let details = ErrorDetails(error.details)
    exit = Exit(error.code, reason: details.reason)
    message = error.message.isEmpty ? error.code.name : error.message
    code = error.code.name
    reason = details.reason
    payment = details.payment
    seats = details.seats
    violations = details.violations
    retryAfter = details.retryAfter
    self.details = error.details
  }
}

/// What a status says besides code and message. Bytes that are no details say nothing.
struct ErrorDetails {
  var reason: String?
  /// The state that a booking or a wait is in, where that is the reason.
  var state: String?
  /// The show that is in the way, where that is the reason.
  var show: String?
  /// Which item of a batch is the reason, from 0.
  var item: Int?
  /// What is to become of what was paid, where the reason says so.
  var payment: String?
  var seats: [String] = []
  var violations: [Failure.Violation] = []
  var retryAfter: Duration?

  init(_ bytes: [UInt8]) {
    guard let status = try? Google.Rpc.Status(protoBytes: bytes) else { return }
    for detail in status.details { add(detail) }
  }

  private mutating func add(_ detail: Google.Protobuf.Any_) {
    switch detail.typeUrl.split(separator: "/").last {
    case "google.rpc.ErrorInfo":
      guard let info = try? Google.Rpc.ErrorInfo(protoBytes: detail.value) else { return }
      reason = info.reason
      state = info.metadata["state"]
      show = info.metadata["show"]
      item = info.metadata["item"].flatMap { Int($0) }
      payment = info.metadata["payment"]
      seats = (info.metadata["seats"] ?? "").split { $0 == "," || $0 == " " }.map(String.init)
    case "google.rpc.BadRequest":
      guard let request = try? Google.Rpc.BadRequest(protoBytes: detail.value) else { return }
      violations = request.fieldViolations.map {
        Failure.Violation(field: $0.field, description: $0.description)
      }
    case "google.rpc.RetryInfo":
      guard let info = try? Google.Rpc.RetryInfo(protoBytes: detail.value),
        let delay = info.retryDelay, (0...86_400).contains(delay.seconds)
      else { return }
      retryAfter = .seconds(delay.seconds) + .nanoseconds(Int64(delay.nanos))
    default: break  // Other kinds are for programs; -o json prints them.
    }
  }
}
