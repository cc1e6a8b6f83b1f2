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

  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    // A node does not start with a method that has no row.
    guard let requirement = permissions[context.method] else { throw .hidden }
    guard requirement != .open else { return }
    guard let shown = context.metadata["authorization"] else {
      guard requirement == .read, anonymousReads else { throw Self.missing }
      return
    }
    let caller = try await authenticate(shown, context)
    if case .scope(let scope) = requirement, !caller.scopes.contains(Scopes(scope)) {
      throw .refusal(
        .permissionDenied, .scopeMissing, "The key lacks the scope for this method.",
        metadata: ["scope": scope.rawValue])
    }
    context.caller = caller
  }

  private func authenticate(
    _ shown: String, _ context: ServerContext
  ) async throws(RPCError) -> PartnerCaller {
    let remaining = context.remaining
    let cache = parts[context.loop].credentials
    let caller = try await failures.translating { () async throws(StoreError) in
      try await cache.caller(showing: shown, timeout: remaining)
    }
    guard let caller else { throw Self.invalid }
    return caller
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
