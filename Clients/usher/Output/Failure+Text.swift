// How a failure is printed: lines for a person, one object for a program. Both go to stderr.

import ProtoWire
import UsherProtos

extension Failure {
  /// The lines for a person, without a newline at the end.
  func text(_ style: Style) -> String {
    var lines = [style.paint("usher: ", .alarm) + style.clean(message)]
    func add(_ label: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      lines.append("  " + style.paint(label + ": ", .dim) + style.clean(value))
    }
    add("reason", reason)
    add("payment", payment)
    let seat = exit == .seatsLost ? "lost seat" : "seat"
    add(seats.count == 1 ? seat : seat + "s", seats.joined(separator: ", "))
    for violation in violations where !message.contains(violation.description) {
      add(violation.field, violation.description)
    }
    add("try again in", retryAfter.map(Clock.span))
    add("request id", requestId)
    add("hint", hint)
    add("next", next)
    return lines.joined(separator: "\n")
  }

  /// One JSON object on one line. The status, if there is one, is canonical proto3 JSON.
  func json() -> String {
    var json = ProtoJSONWriter()
    json.beginObject()
    json.name("error")
    json.beginObject()
    writeMembers(&json)
    json.endObject()
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private func writeMembers(_ json: inout ProtoJSONWriter) {
    func add(_ name: String, _ value: String?) {
      guard let value else { return }
      json.name(name)
      json.string(value)
    }
    json.name("exitCode")
    json.literal("\(exit.rawValue)")
    add("code", code)
    add("message", message)
    add("reason", reason)
    add("payment", payment)
    if !seats.isEmpty {
      json.name("seats")
      json.beginArray()
      for seat in seats { json.string(seat) }
      json.endArray()
    }
    if !violations.isEmpty { writeViolations(&json) }
    add("requestId", requestId)
    add("hint", hint)
    add("next", next)
    if !details.isEmpty, let status = try? Google.Rpc.Status(protoBytes: details) {
      json.name("status")
      status.writeJSON(into: &json)
    }
  }

  private func writeViolations(_ json: inout ProtoJSONWriter) {
    json.name("fieldViolations")
    json.beginArray()
    for violation in violations {
      json.beginObject()
      json.name("field")
      json.string(violation.field)
      json.name("description")
      json.string(violation.description)
      json.endObject()
    }
    json.endArray()
  }
}
