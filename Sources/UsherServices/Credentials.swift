// Who calls, and whether the method is theirs to call: reads what the caller shows, and decides by
// the table of permissions.

import BookingStore
package import Logging
package import RPC
package import Reactor

/// Authenticates and authorises every call.
package final class CredentialInterceptor: ServerInterceptor {
  private let parts: PerLoop<NodeParts>
  private let permissions: Permissions
  private let anonymousReads: Bool
  private let failures: StoreFailures

  package init(
    _ parts: PerLoop<NodeParts>, _ permissions: Permissions = .table, anonymousReads: Bool,
    logger: Logger
  ) {
    self.parts = parts
    self.permissions = permissions
    self.anonymousReads = anonymousReads
    failures = StoreFailures(logger: logger)
  }

  package func callBeginsAtOnce(_ context: ServerContext) throws(RPCError) -> Bool {
    guard let (requirement, shown) = try demand(context) else { return true }
    guard let known = parts[context.loop].credentials.known(showing: shown) else { return false }
    guard let caller = try admit(known, requirement, shown, context) else { return true }
    if let account = caller.account {
      guard requirement == .read, parts[context.loop].credentials.wasOpen(account.sessionID) else {
        return false
      }
    }
    if let lane = requirement.rateLane { try caller.count(in: lane) }
    context.caller = caller
    return true
  }

  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    guard let (requirement, shown) = try demand(context) else { return }
    let found = try await find(shown, context)
    guard let caller = try admit(found, requirement, shown, context) else { return }
    if let lane = requirement.rateLane { try caller.count(in: lane) }
    if let account = caller.account {
      let cache = parts[context.loop].credentials
      if requirement != .read || !cache.wasOpen(account.sessionID) {
        try await requireOpenSession(account, context)
        cache.noteOpen(account.sessionID)
      }
    }
    context.caller = caller
  }

  /// Who shows this; nil for nobody. What is not known costs the store a question, and one that shows much
  /// that is not good has to wait.
  private func find(
    _ shown: ShownCredential, _ context: ServerContext
  ) async throws(RPCError) -> KnownCaller? {
    let cache = parts[context.loop].credentials
    repeat {
      if let known = cache.known(showing: shown) { return known }
    } while await cache.othersAsk(about: shown)
    if case .authorization(let value) = shown, CredentialShape(value) == nil { return nil }
    let guess = try cache.countGuess(shown, context)
    let remaining = context.remaining
    let found = try await failures.translating { () async throws(StoreError) in
      try await cache.caller(showing: shown, timeout: remaining)
    }
    if found != nil { guess?.giveBack() }
    return found
  }

  /// What the method demands and what the caller shows; nil when it need not show anything.
  private func demand(
    _ context: ServerContext
  ) throws(RPCError) -> (Requirement, shown: ShownCredential)? {
    // A node does not start with a method that has no row.
    guard let requirement = permissions[context.method] else { throw .hidden }
    guard requirement != .open else { return nil }
    if let shown = ShownCredential(context) { return (requirement, shown) }
    guard requirement == .read, anonymousReads else { throw Self.missing }
    try parts[context.loop].credentials.countAnonymous(context)
    return nil
  }

  /// Who was found, if the method is theirs to call; nil for nobody in particular.
  private func admit(
    _ found: KnownCaller?, _ requirement: Requirement, _ shown: ShownCredential,
    _ context: ServerContext
  ) throws(RPCError) -> KnownCaller? {
    guard let caller = found else {
      guard case .certificate(let identity) = shown else { throw Self.invalid }
      // Whoever may connect need not be a partner.
      if requirement == .read, anonymousReads {
        try parts[context.loop].credentials.countAnonymous(context)
        return nil
      }
      throw .refusal(
        .credentialsInvalid, "The certificate stands for no key.",
        metadata: ["sha256": identity.fingerprint])
    }
    switch requirement {
    case .open, .read: return caller
    case .scopeOrAccount where caller.account != nil: return caller
    case .scope(let scope), .scopeOrAccount(let scope):
      try caller.require(scope)
      return caller
    case .account:
      guard caller.account == nil else { return caller }
      throw .refusal(.accountRequired, "This method is for customers' own accounts.")
    }
  }

  /// Who calls a stream now, whatever its key was good for when it began. Throws when the key is good no
  /// more, or not for the scope.
  static func presentCaller(
    _ context: ServerContext, _ cache: CredentialCache, _ scope: Scope
  ) async throws(StoreError) -> Result<KnownCaller, RPCError> {
    guard let shown = ShownCredential(context),
      let caller = try await cache.caller(showing: shown, timeout: context.remaining)
    else { return .failure(invalid) }
    do throws(RPCError) {
      try caller.require(scope)
      return .success(caller)
    } catch {
      return .failure(error)
    }
  }

  /// What a token says may be over before the token is: its session left, its account blocked. Only the
  /// database knows, and it alone knows the time; so every call of a customer asks it that changes or tells
  /// anything of its own, and others now and then.
  private func requireOpenSession(
    _ account: OwnAccount, _ context: ServerContext
  ) async throws(RPCError) {
    let store = parts[context.loop].accounts
    let remaining = context.remaining
    let isOpen = try await failures.translating { () async throws(StoreError) in
      try await store.isOpen(
        session: account.sessionID, of: account.accountID, tokenEndsAt: account.tokenEndsAt,
        timeout: remaining)
    }
    guard isOpen else { throw Self.invalid }
  }

  private static var missing: RPCError {
    .refusal(
      .credentialsMissing,
      "This method needs the metadata `authorization: Bearer <key>`.")
  }

  /// The same for every kind of bad key: nothing is learnt about which keys exist.
  static var invalid: RPCError {
    .refusal(.credentialsInvalid, "The key is not good.")
  }
}

extension ShownCredential {
  /// What a caller shows; nil for nothing.
  init?(_ context: ServerContext) {
    if let shown = context.metadata["authorization"] {
      self = .authorization(shown)
    } else if let identity = context.identity {
      self = .certificate(identity)
    } else {
      return nil
    }
  }
}

extension KnownCaller {
  /// Throws PERMISSION_DENIED unless the key is good for a scope.
  func require(_ scope: Scope) throws(RPCError) {
    guard scopes.isDisjoint(with: scope.sufficient) else { return }
    throw .refusal(
      .scopeMissing, "The key lacks the scope for this method.",
      metadata: ["scope": scope.rawValue])
  }
}
