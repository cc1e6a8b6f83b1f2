// What operators decide, as tables.

import ProtoWire
import UsherProtos

enum OperatorTables {
  static let partners: [Column<Usher.Admin.V1.Partner>] = [
    .number("ID", "partner_id") { $0.partnerId },
    .text("PARTNER", "name") { $0.name },
    .word("STATE", "state") { name($0.state) },
    .time("SINCE", "created_at") { $0.createdAt },
  ]

  static let keys: [Column<Usher.Admin.V1.ApiKey>] = [
    .number("ID", "key_id") { $0.keyId },
    .number("PARTNER", "partner_id") { $0.partnerId },
    .text("KEY", "key") { secret($0) },
    .seen("SCOPES") { $0.scopes.joined(separator: ",") },
    .data("scopes") { $0.scopes.joined(separator: ";") },
    .seen("THEATRES", mayShrink: true) {
      $0.theatreIds.isEmpty ? "all" : $0.theatreIds.map { "\($0)" }.joined(separator: ",")
    },
    .data("theatre_ids") { $0.theatreIds.map { "\($0)" }.joined(separator: ";") },
    .time("SINCE", "created_at") { $0.createdAt },
    .seen("ENDS") { $0.revokedAt == nil ? time($0.expiresAt) : "revoked" },
    .data("expires_at") { CSVText.time($0.expiresAt) },
    .data("revoked_at") { CSVText.time($0.revokedAt) },
    .text("LABEL", "label") { $0.label },
  ]

  static let audit: [Column<Usher.Admin.V1.AuditEntry>] = [
    .number("NO", "entry_id") { $0.entryId },
    .time("TIME", "time") { $0.at },
    .word("ACT", "act") { $0.action },
    .link("PARTNER", "partner_id") { $0.partnerId },
    .link("KEY", "key_id") { $0.keyId },
    .text("BY", "actor") { $0.actor },
    .text("WHAT", "detail") { $0.detail },
  ]

  /// What to say beside a secret that has just been told.
  static func remark(_ key: Usher.Admin.V1.ApiKey) -> String {
    let end = key.expiresAt == nil ? "" : "; it ends \(time(key.expiresAt))"
    let secret =
      key.certificate.isEmpty
      ? "the secret is never shown again" : "\(key.certificate) stands for it"
    return "key \(key.keyId) of partner \(key.partnerId)\(end); \(secret)"
  }

  /// What tells a key from others.
  static func secret(_ key: Usher.Admin.V1.ApiKey) -> String {
    key.certificate.isEmpty ? key.prefix : key.certificate
  }

  static func name(_ state: Usher.Admin.V1.PartnerState) -> String {
    (state.protoValueName ?? "").replacing("PARTNER_STATE_", with: "").lowercased()
  }

  /// To the minute, in UTC.
  static func time(_ time: Google.Protobuf.Timestamp?) -> String {
    guard let time else { return "-" }
    let text = String(decoding: time.jsonBytes(), as: UTF8.self)
    return String(text.dropFirst().prefix(16)).replacing("T", with: " ") + "Z"
  }
}
