// Who calls, and whether the method is theirs to call: reads what the caller shows, and decides by
// the table of permissions.

import BookingStore
package import Logging
package import RPC
package import Reactor

/// Authenticates and authorises every call.
package struct CredentialInterceptor: ServerInterceptor {
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
    try admit(known, requirement, context)
    return true
  }

  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    guard let (requirement, shown) = try demand(context) else { return }
    let remaining = context.remaining
    let cache = parts[context.loop].credentials
    let caller = try await failures.translating { () async throws(StoreError) in
      try await cache.caller(showing: shown, timeout: remaining)
    }
    try admit(caller, requirement, context)
  }

  /// What the method demands and what the caller shows; nil when it need not show anything.
  private func demand(
    _ context: ServerContext
  ) throws(RPCError) -> (Requirement, shown: String)? {
    // A node does not start with a method that has no row.
    guard let requirement = permissions[context.method] else { throw .hidden }
    guard requirement != .open else { return nil }
    if let shown = context.metadata["authorization"] { return (requirement, shown) }
    guard requirement == .read, anonymousReads else { throw Self.missing }
    return nil
  }

  private func admit(
    _ caller: PartnerCaller?, _ requirement: Requirement, _ context: ServerContext
  ) throws(RPCError) {
    guard let caller else { throw Self.invalid }
    if case .scope(let scope) = requirement, !caller.scopes.contains(Scopes(scope)) {
      throw .refusal(
        .permissionDenied, .scopeMissing, "The key lacks the scope for this method.",
        metadata: ["scope": scope.rawValue])
    }
    context.caller = caller
  }

  private static var missing: RPCError {
    .refusal(
      .unauthenticated, .credentialsMissing,
      "This method needs the metadata `authorization: Bearer <key>`.")
  }

  /// The same for every kind of bad key: nothing is learnt about which keys exist.
  private static var invalid: RPCError {
    .refusal(.unauthenticated, .credentialsInvalid, "The key is not good.")
  }
}
