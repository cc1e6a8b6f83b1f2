// What callers of OperatorService wish for, checked field by field; and what it tells, as messages.

import Booking
import BookingStore
import RPC
import UsherProtos

/// The checks.
enum OperatorWishes {
  /// Adds a violation unless a name is one that partners may have.
  static func check(name: String, _ field: String, _ violations: inout FieldViolations) {
    violations.require(
      (1...Limits.partnerNameCharacters).contains(name.unicodeScalars.count)
        && name.isPrintable,
      field, "must have 1 to \(Limits.partnerNameCharacters) characters, none for control")
  }

  static func pageSize(_ size: Int32) throws(RPCError) -> Int {
    var violations = FieldViolations()
    violations.require(size >= 0, "page_size", "must not be negative")
    try violations.check()
    return Int(size)
  }

  /// What is to be changed of a partner; nil for what is not.
  static func partnerChange(
    _ request: Usher.Admin.V1.UpdatePartnerRequest
  ) throws(RPCError) -> (name: String?, state: PartnerState?) {
    let partner = request.partner ?? .init()
    let paths = request.updateMask?.paths ?? []
    var violations = FieldViolations()
    violations.require(!paths.isEmpty, "update_mask", "must name name or state")
    violations.require(
      paths.allSatisfy { ["name", "state"].contains($0) }, "update_mask",
      "can name only name and state")
    if paths.contains("name") { check(name: partner.name, "partner.name", &violations) }
    let state = Int16(exactly: partner.state.rawValue).flatMap(PartnerState.init(rawValue:))
    if paths.contains("state") {
      violations.require(state != nil, "partner.state", "must be ACTIVE, CLOSED or BLOCKED")
    }
    try violations.check()
    return (
      paths.contains("name") ? partner.name : nil, paths.contains("state") ? state : nil
    )
  }

  static func key(_ request: Usher.Admin.V1.CreateApiKeyRequest) throws(RPCError) -> APIKeyWish {
    var violations = FieldViolations()
    violations.require(
      request.label.unicodeScalars.count <= Limits.keyLabelCharacters
        && request.label.isPrintable,
      "label", "must have at most \(Limits.keyLabelCharacters) characters, none for control")
    let known = Scope.allCases.map(\.rawValue)
    violations.require(
      !request.scopes.isEmpty && request.scopes.allSatisfy(known.contains)
        && Set(request.scopes).count == request.scopes.count,
      "scopes", "must be some of \(known.joined(separator: ", ")), each once")
    violations.require(
      request.theatreIds.count <= Limits.theatresPerKey
        && Set(request.theatreIds).count == request.theatreIds.count,
      "theatre_ids", "must be at most \(Limits.theatresPerKey), each once")
    violations.require(
      request.theatreIds.isEmpty || !request.scopes.contains(Scope.admin.rawValue), "theatre_ids",
      "must be empty with the scope admin, which is good everywhere")
    let lifetime = request.lifetime.map(span)
    if let lifetime {
      violations.require(
        Limits.keyLifetimes.contains(lifetime), "lifetime", "must be one second to ten years")
    }
    let certificate = request.certificate.lowercasedUnlessURI
    violations.require(
      certificate.isEmpty || isCertificateName(certificate), "certificate",
      "must be sha256: and 64 hexadecimal digits, uri: or dns: and a subject alternative name")
    for (rate, field) in [
      (request.sellingPerSecond, "selling_per_second"),
      (request.reportingPerSecond, "reporting_per_second"),
    ] {
      violations.require(
        Limits.keyCallsPerSecond.contains(rate), field,
        "must be 0 to \(Limits.keyCallsPerSecond.upperBound)")
    }
    try violations.check()
    var wish = APIKeyWish(
      partnerID: request.partnerId, label: request.label, scopes: request.scopes,
      theatreIDs: request.theatreIds.isEmpty ? nil : request.theatreIds, lifetime: lifetime)
    wish.certificate = certificate
    wish.sellingPerSecond = request.sellingPerSecond == 0 ? nil : request.sellingPerSecond
    wish.reportingPerSecond = request.reportingPerSecond == 0 ? nil : request.reportingPerSecond
    return wish
  }

  /// Whether a certificate can be known by a name; digits and DNS names in lower case.
  static func isCertificateName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard isPlain, let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
    let value = name[name.utf8.index(after: colon)...].utf8
    switch name[..<colon] {
    case "sha256":
      let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
      let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
      return value.count == 64
        && value.allSatisfy { digits.contains($0) || letters.contains($0) }
    case "uri", "dns": return (1...Limits.certificateNameBytes).contains(value.count)
    default: return false
    }
  }

  static func overlap(
    _ request: Usher.Admin.V1.RotateApiKeyRequest
  ) throws(RPCError) -> Duration {
    let overlap = request.overlap.map(span) ?? .zero
    var violations = FieldViolations()
    violations.require(
      (.zero...Limits.longestKeyOverlap).contains(overlap), "overlap",
      "must be at most 30 days, and not negative")
    try violations.check()
    return overlap
  }

  /// What an account is asked for by.
  enum AccountName {
    case id(UniqueID)
    case email(String)
  }

  static func account(
    _ request: Usher.Admin.V1.GetAccountRequest
  ) throws(RPCError) -> AccountName {
    var violations = FieldViolations()
    violations.require(
      request.accountId.isEmpty != request.email.isEmpty, "account_id",
      "must be given, or email, one of both")
    violations.require(
      request.email.utf8.count <= Limits.emailBytes && !request.email.utf8.contains(0), "email",
      "must have at most \(Limits.emailBytes) bytes")
    let id = UniqueID(request.accountId)
    violations.require(
      request.accountId.isEmpty || id != nil, "account_id", "must be a UUID")
    try violations.check()
    return id.map { .id($0) } ?? .email(request.email)
  }

  static func accountState(
    _ request: Usher.Admin.V1.SetAccountStateRequest
  ) throws(RPCError) -> (UniqueID, AccountState) {
    var violations = FieldViolations()
    let id = UniqueID(request.accountId)
    violations.require(id != nil, "account_id", "must be a UUID")
    let state = Int16(exactly: request.state.rawValue).flatMap(AccountState.init(rawValue:))
    violations.require(
      state == .active || state == .blocked, "state", "must be ACTIVE or BLOCKED")
    try violations.check()
    guard let id, let state else { throw .hidden }
    return (id, state)
  }

  /// A span as its sender means it. What is no Duration by its own rules, which want nanoseconds below a
  /// second and of the sign of the seconds, is out of every bound.
  static func span(_ span: Google.Protobuf.Duration) -> Duration {
    let isWhole =
      (-999_999_999...999_999_999).contains(span.nanos)
      && (span.seconds == 0 || span.nanos == 0 || (span.seconds < 0) == (span.nanos < 0))
    guard isWhole else { return .seconds(Int64.min) }
    return .seconds(span.seconds) + .nanoseconds(Int64(span.nanos))
  }
}

extension String {
  /// A certificate's name as it is compared: only URIs know upper case.
  fileprivate var lowercasedUnlessURI: String { hasPrefix("uri:") ? self : lowercased() }
}

// MARK: Answers

extension Usher.Admin.V1.Partner {
  init(_ record: PartnerRecord) {
    self.init(
      partnerId: record.id, name: record.name, state: .init(rawValue: Int32(record.state.rawValue)),
      createdAt: .init(unixMicroseconds: record.createdAt))
  }
}

extension Usher.Admin.V1.ApiKey {
  init(_ record: APIKeyRecord) {
    self.init(
      keyId: record.id, partnerId: record.partnerID, prefix: record.prefix, label: record.label,
      scopes: record.scopes, theatreIds: record.theatreIDs ?? [],
      createdAt: .init(unixMicroseconds: record.createdAt),
      expiresAt: record.expiresAt.map { .init(unixMicroseconds: $0) },
      revokedAt: record.revokedAt.map { .init(unixMicroseconds: $0) },
      certificate: record.certificate, sellingPerSecond: record.sellingPerSecond ?? 0,
      reportingPerSecond: record.reportingPerSecond ?? 0)
  }
}

extension Usher.Admin.V1.AuditEntry {
  init(_ record: AuditRecord) {
    self.init(
      entryId: record.id, at: .init(unixMicroseconds: record.at), actorKeyId: record.actorKeyID,
      actor: record.actor, action: record.action, partnerId: record.partnerID,
      keyId: record.keyID, detail: record.detail, accountId: record.accountID)
  }
}
