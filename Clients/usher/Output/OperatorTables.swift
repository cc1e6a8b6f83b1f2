// What operators decide, as tables.

import ProtoWire
import UsherProtos

enum OperatorTables {
  static func partners(_ partners: [Usher.Admin.V1.Partner], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "PARTNER", mayShrink: true),
        .init(title: "STATE"), .init(title: "SINCE"),
      ], style)
    for partner in partners {
      table.add([
        "\(partner.partnerId)", partner.name, name(partner.state), time(partner.createdAt),
      ])
    }
    return table
  }

  static func keys(_ keys: [Usher.Admin.V1.ApiKey], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "ID", toRight: true), .init(title: "PARTNER", toRight: true),
        .init(title: "KEY", mayShrink: true), .init(title: "SCOPES"),
        .init(title: "THEATRES", mayShrink: true),
        .init(title: "SINCE"), .init(title: "ENDS"), .init(title: "LABEL", mayShrink: true),
      ], style)
    for key in keys {
      let theatres = key.theatreIds.map { "\($0)" }.joined(separator: ",")
      table.add([
        "\(key.keyId)", "\(key.partnerId)", secret(key), key.scopes.joined(separator: ","),
        theatres.isEmpty ? "all" : theatres, time(key.createdAt),
        key.revokedAt == nil ? time(key.expiresAt) : "revoked", key.label,
      ])
    }
    return table
  }

  static func audit(_ entries: [Usher.Admin.V1.AuditEntry], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "NO", toRight: true), .init(title: "TIME"), .init(title: "ACT"),
        .init(title: "PARTNER", toRight: true), .init(title: "KEY", toRight: true),
        .init(title: "BY", mayShrink: true), .init(title: "WHAT", mayShrink: true),
      ], style)
    for entry in entries {
      table.add([
        "\(entry.entryId)", time(entry.at), entry.action, number(entry.partnerId),
        number(entry.keyId), entry.actor, entry.detail,
      ])
    }
    return table
  }

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

  private static func number(_ id: Int64) -> String { id == 0 ? "-" : "\(id)" }

  /// To the minute, in UTC.
  static func time(_ time: Google.Protobuf.Timestamp?) -> String {
    guard let time else { return "-" }
    let text = String(decoding: time.jsonBytes(), as: UTF8.self)
    return String(text.dropFirst().prefix(16)).replacing("T", with: " ") + "Z"
  }
}
