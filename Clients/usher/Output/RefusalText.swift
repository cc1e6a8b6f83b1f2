// The refusal of one row among many, in one line.

import ProtoWire
import UsherProtos

enum RefusalText {
  /// The wrong fields, or the message; then the reason and the show that it is about.
  static func words(_ status: Google.Rpc.Status) -> String {
    let details = ErrorDetails(status.protoBytes())
    let fields = details.violations.map { "\($0.field) \($0.description)" }
    let reason = details.reason.map { " (\($0))" } ?? ""
    let text = fields.isEmpty ? status.message : fields.joined(separator: "; ")
    return "\(text)\(reason)" + (details.show.map { ", show \($0)" } ?? "")
  }
}
