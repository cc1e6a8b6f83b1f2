// usher.admin.v1.OperatorService: partners, their keys, and the audit log. Reads requests and writes
// answers; what is done, and noted, is the store's.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct OperatorService: Usher.Admin.V1.OperatorServiceServer {
  private typealias API = Usher.Admin.V1
  let parts: PerLoop<NodeParts>
  private let holds: AccountHolds
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, _ holds: AccountHolds, logger: Logger) {
    self.parts = parts
    self.holds = holds
    failures = StoreFailures(logger: logger)
  }

  // MARK: Partners

  package func createPartner(
    _ request: Usher.Admin.V1.CreatePartnerRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.CreatePartnerResponse {
    var violations = FieldViolations()
    OperatorWishes.check(name: request.name, "name", &violations)
    try violations.check()
    let partner = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.createPartner(named: request.name, by: actor, timeout: timeout)
    }
    guard let partner else { throw Self.nameTaken }
    return .init(partner: .init(partner))
  }

  package func getPartner(
    _ request: Usher.Admin.V1.GetPartnerRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.GetPartnerResponse {
    let partner = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.partner(id: request.partnerId, timeout: timeout)
    }
    guard let partner else { throw Self.noPartner(request.partnerId) }
    return .init(partner: .init(partner))
  }

  package func listPartners(
    _ request: Usher.Admin.V1.ListPartnersRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListPartnersResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.partners(pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      partners: page.items.map { API.Partner($0) }, nextPageToken: page.nextPageToken)
  }

  package func updatePartner(
    _ request: Usher.Admin.V1.UpdatePartnerRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.UpdatePartnerResponse {
    let (name, state) = try OperatorWishes.partnerChange(request)
    let wanted = request.partner ?? .init()
    let update = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.updatePartner(
        id: wanted.partnerId, name: name, state: state, by: actor, timeout: timeout)
    }
    switch update {
    case .done(let partner):
      forgetCallers()
      return .init(partner: .init(partner))
    case .notFound: throw Self.noPartner(wanted.partnerId)
    case .nameTaken: throw Self.nameTaken
    }
  }

  // MARK: Keys

  package func createApiKey(
    _ request: Usher.Admin.V1.CreateApiKeyRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.CreateApiKeyResponse {
    let wish = try OperatorWishes.key(request)
    let secret =
      wish.certificate.isEmpty
      ? APIKeySecret.make(forOperator: wish.scopes.contains(Scope.admin.rawValue)) : nil
    let creation = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.createKey(wish, secret: secret, by: actor, timeout: timeout)
    }
    switch creation {
    case .done(let key):
      forgetCallers()
      return .init(apiKey: .init(key), secret: secret ?? "")
    case .certificateTaken:
      throw .refusal(
        .certificateTaken, "Another key has the certificate; revoke that first.",
        metadata: ["certificate": wish.certificate])
    case .partnerNotFound: throw Self.noPartner(request.partnerId)
    case .theatresNotFound(let ids):
      var violations = FieldViolations()
      let named = ids.prefix(10).map { "\($0)" }.joined(separator: ", ")
      violations.add("theatre_ids", "there are no such theatres: \(named)")
      try violations.check()
      throw .hidden
    }
  }

  package func listApiKeys(
    _ request: Usher.Admin.V1.ListApiKeysRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListApiKeysResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.keys(
        ofPartner: request.partnerId, pageSize: size, pageToken: request.pageToken,
        timeout: timeout)
    }
    return .init(apiKeys: page.items.map { API.ApiKey($0) }, nextPageToken: page.nextPageToken)
  }

  package func rotateApiKey(
    _ request: Usher.Admin.V1.RotateApiKeyRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.RotateApiKeyResponse {
    let overlap = try OperatorWishes.overlap(request)
    let old = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.key(id: request.keyId, timeout: timeout)
    }
    guard let old else { throw Self.noKey(request.keyId) }
    let secret = APIKeySecret.make(forOperator: old.scopes.contains(Scope.admin.rawValue))
    let key = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.rotateKey(
        id: request.keyId, secret: secret, overlap: overlap, by: actor, timeout: timeout)
    }
    guard let key else {
      throw .refusal(
        .apiKeyOver,
        "The key is over, it has a successor, or a certificate stands for it.",
        metadata: ["api_key": String(request.keyId)])
    }
    forgetCallers()
    return .init(apiKey: .init(key), secret: secret)
  }

  package func revokeApiKey(
    _ request: Usher.Admin.V1.RevokeApiKeyRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.RevokeApiKeyResponse {
    let key = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.revokeKey(id: request.keyId, by: actor, timeout: timeout)
    }
    guard let key else { throw Self.noKey(request.keyId) }
    forgetCallers()
    return .init(apiKey: .init(key))
  }

  // MARK: Accounts

  package func getAccount(
    _ request: Usher.Admin.V1.GetAccountRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.GetAccountResponse {
    let wish = try OperatorWishes.account(request)
    let store = parts[context.loop].accounts
    let account = try await ask(context) { (_, _, timeout) async throws(StoreError) in
      switch wish {
      case .id(let id): try await store.account(id: id, timeout: timeout)
      case .email(let email): try await store.account(email: email, timeout: timeout)
      }
    }
    guard let account else { throw Self.noAccount(request.accountId) }
    return .init(account: .init(account))
  }

  package func setAccountState(
    _ request: Usher.Admin.V1.SetAccountStateRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.SetAccountStateResponse {
    let (id, state) = try OperatorWishes.accountState(request)
    let account = try await ask(context) { (store, actor, timeout) async throws(StoreError) in
      try await store.setAccountState(id: id, state, by: actor, timeout: timeout)
    }
    guard let account else {
      let store = parts[context.loop].accounts
      let closed = try await ask(context) { (_, _, timeout) async throws(StoreError) in
        try await store.account(id: id, timeout: timeout)
      }
      guard closed != nil else { throw Self.noAccount(request.accountId) }
      throw .refusal(.accountClosed, "The account is closed for good.")
    }
    guard state == .blocked else { return .init(account: .init(account)) }
    parts.onEach { $0.credentials.forgetSessions() }
    // After its sessions have ended. What is under way now is released by the sweeper.
    let released = try await holds.release(of: id, context)
    return .init(account: .init(account), releasedHolds: Int32(clamping: released))
  }

  private static func noAccount(_ id: String) -> RPCError {
    .notFound(.accountNotFound, "account", id)
  }

  // MARK: The log

  package func listAuditEntries(
    _ request: Usher.Admin.V1.ListAuditEntriesRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.Admin.V1.ListAuditEntriesResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let filter = try Self.filter(request)
    let page = try await ask(context) { (store, _, timeout) async throws(StoreError) in
      try await store.auditEntries(
        filter, pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(
      entries: page.items.map { API.AuditEntry($0) }, nextPageToken: page.nextPageToken)
  }

  // MARK: Shared

  func ask<Answer>(
    _ context: ServerContext,
    _ body: (OperatorStore, AuditActor, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    // The interceptor admits nobody else to this service.
    guard let caller = context.caller as? KnownCaller else { throw .hidden }
    let actor = caller.auditActor
    let store = parts[context.loop].operators
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, actor, timeout)
    }
  }

  /// Whoever was let in by what has changed must show it again.
  private func forgetCallers() {
    parts.onEach { $0.credentials.forgetAll() }
  }

  private static func noPartner(_ id: Int64) -> RPCError {
    .notFound(.partnerNotFound, "partner", String(id))
  }

  private static func noKey(_ id: Int64) -> RPCError {
    .notFound(.apiKeyNotFound, "api_key", String(id))
  }

  private static var nameTaken: RPCError {
    .refusal(.partnerNameTaken, "Another partner has this name.")
  }
}
