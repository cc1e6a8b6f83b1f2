// What operators keep, as the store tells it: partners, their API keys, and who did what.

package import Booking
import Postgres

/// Whether a partner may sell.
package enum PartnerState: Int16, Sendable, CaseIterable {
  /// It may.
  case active = 1
  /// It has left; its keys are refused.
  case closed
  /// An operator has shut it out; its keys are refused.
  case blocked
}

/// A partner.
package struct PartnerRecord: Sendable, Hashable {
  /// The id.
  package let id: Int64
  /// Its name; no two partners have the same.
  package let name: String
  /// Whether it may sell.
  package let state: PartnerState
  /// Microseconds since 1970.
  package let createdAt: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let state = PartnerState(rawValue: try row.decode(2)) else {
      throw PostgresError(.decoding, "a partner's state is not known")
    }
    id = try row.decode(0)
    name = try row.decode(1)
    self.state = state
    createdAt = try row.decode(3, as: PostgresTimestamp.self).unixMicroseconds
  }
}

/// An API key, without its secret, which nobody has but whom it was told.
package struct APIKeyRecord: Sendable, Hashable {
  /// The key's number.
  package let id: Int64
  /// Whose it is.
  package let partnerID: Int64
  /// First characters of the secret.
  package let prefix: String
  /// What its owner calls it; may be empty.
  package let label: String
  /// What it may be used for.
  package let scopes: [String]
  /// The theatres it is good for; nil for all.
  package let theatreIDs: [Int64]?
  /// Microseconds since 1970.
  package let createdAt: Int64
  /// When it ends by itself; nil for never.
  package let expiresAt: Int64?
  /// When it was revoked; nil while it was not.
  package let revokedAt: Int64?
  /// The name of the client certificate that is its secret; empty for one with a secret of its own.
  package let certificate: String
  /// Calls per second that sell, and that report and manage; nil for what the node allows everybody.
  package let sellingPerSecond: Int32?
  package let reportingPerSecond: Int32?

  /// Reads the columns from a position on.
  init(_ row: PostgresRow, from column: Int = 0) throws(PostgresError) {
    id = try row.decode(column)
    partnerID = try row.decode(column + 1)
    prefix = try row.decode(column + 2)
    label = try row.decode(column + 3)
    scopes = try row.decode(column + 4)
    theatreIDs = try row.decode(column + 5)
    createdAt = try row.decode(column + 6, as: PostgresTimestamp.self).unixMicroseconds
    expiresAt = try row.decode(column + 7, as: PostgresTimestamp?.self)?.unixMicroseconds
    revokedAt = try row.decode(column + 8, as: PostgresTimestamp?.self)?.unixMicroseconds
    certificate = try row.decode(column + 9)
    sellingPerSecond = try row.decode(column + 10)
    reportingPerSecond = try row.decode(column + 11)
  }
}

/// A wish for a new key.
package struct APIKeyWish: Sendable, Hashable {
  /// Whose it is to be.
  package var partnerID: Int64
  /// What to call it.
  package var label: String
  /// What it may be used for; not empty.
  package var scopes: [String]
  /// The theatres it is good for; nil for all.
  package var theatreIDs: [Int64]?
  /// How long it is good; nil for ever.
  package var lifetime: Duration?
  /// The name of the client certificate that is to be its secret; empty for a secret of its own.
  package var certificate = ""
  /// Calls per second that sell, and that report and manage; nil for what nodes allow everybody.
  package var sellingPerSecond: Int32?
  package var reportingPerSecond: Int32?

  package init(
    partnerID: Int64, label: String = "", scopes: [String], theatreIDs: [Int64]? = nil,
    lifetime: Duration? = nil
  ) {
    self.partnerID = partnerID
    self.label = label
    self.scopes = scopes
    self.theatreIDs = theatreIDs
    self.lifetime = lifetime
  }
}

/// Who does something that is noted.
package struct AuditActor: Sendable, Hashable {
  /// The key that was shown; nil on the host.
  package let keyID: Int64?
  /// Who it is, in words that hold no secret.
  package let name: String

  package init(keyID: Int64?, name: String) {
    self.keyID = keyID
    self.name = name
  }
}

/// Which administrative acts are meant.
package struct AuditFilter: Sendable, Hashable {
  /// Only those that concern this partner; 0 for all.
  package var partnerID: Int64 = 0
  /// Only those that concern this account.
  package var accountID: UniqueID?
  /// Only these, such as `CREATE_PARTNER`; empty for all.
  package var action = ""
  /// Only those done with this key; 0 for all.
  package var actorKeyID: Int64 = 0
  /// Only those from then on, in microseconds since 1970.
  package var from: Int64?
  /// Only those before, in microseconds since 1970.
  package var until: Int64?

  package init() {}
}

/// One administrative act.
package struct AuditRecord: Sendable, Hashable {
  /// Its number; later acts have greater ones.
  package let id: Int64
  /// Microseconds since 1970.
  package let at: Int64
  /// The key that was shown; 0 on the host.
  package let actorKeyID: Int64
  /// Who it was.
  package let actor: String
  /// What was done, such as `CREATE_PARTNER`.
  package let action: String
  /// The partner concerned; 0 for none.
  package let partnerID: Int64
  /// The key concerned; 0 for none.
  package let keyID: Int64
  /// What changed, as JSON.
  package let detail: String
  /// The account concerned; empty for none.
  package let accountID: String

  init(_ row: PostgresRow) throws(PostgresError) {
    id = try row.decode(0)
    at = try row.decode(1, as: PostgresTimestamp.self).unixMicroseconds
    actorKeyID = try row.decode(2)
    actor = try row.decode(3)
    action = try row.decode(4)
    partnerID = try row.decode(5)
    keyID = try row.decode(6)
    detail = try row.decode(7)
    accountID = try row.decode(8)
  }
}
