// Who calls: reads the bearer key, looks it up, and decides by one table whether the method is
// theirs to call.

package import BookingStore
package import Logging
package import RPC
package import Reactor

/// A partner that has shown a good key.
package struct PartnerCaller: CallerIdentity, Hashable {
  package let partnerID: Int64
  package let scopes: Set<String>
}

/// What a service demands of its callers.
package enum Requirement: Sendable, Equatable {
  /// Anyone: health and reflection.
  case open
  /// A good key, or nobody at all where reading is free.
  case read
  /// A key with this scope.
  case scope(String)
}

/// The one table of who may call what.
package enum Permissions {
  package static let byService: [String: Requirement] = [
    "grpc.health.v1.Health": .open,
    "grpc.reflection.v1.ServerReflection": .open,
    "grpc.reflection.v1alpha.ServerReflection": .open,
    "usher.v1.CatalogService": .read,
    "usher.v1.SeatMapService": .read,
    "usher.v1.BookingService": .scope("sell"),
    "usher.v1.WaitlistService": .scope("sell"),
    "usher.admin.v1.AdminService": .scope("admin"),
  ]
}

/// Keeps answers about keys for a short while, so that a busy partner does not cost a query a
/// call. Confined to its loop.
package final class CredentialCache {
  private struct Entry {
    let credential: Credential?
    let until: LoopInstant
  }

  private let store: CredentialStore
  private var entries: [String: Entry] = [:]

  package init(_ store: CredentialStore) { self.store = store }

  func credential(forKey key: String, timeout: Duration?) async throws(StoreError) -> Credential? {
    let now = LoopInstant.now
    if let entry = entries[key], entry.until > now { return entry.credential }
    let credential = try await store.credential(forKey: key, timeout: timeout)
    // A full cache is emptied: the keys in use come back within a call each.
    if entries.count >= Limits.cachedCredentials { entries.removeAll() }
    let lifetime = credential == nil ? Limits.refusedKeyLifetime : Limits.credentialLifetime
    entries[key] = Entry(credential: credential, until: now + lifetime)
    return credential
  }
}

/// Authenticates and authorises every call.
package struct CredentialInterceptor: ServerInterceptor {
  private let parts: PerLoop<NodeParts>
  private let anonymousReads: Bool
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, anonymousReads: Bool, logger: Logger) {
    self.parts = parts
    self.anonymousReads = anonymousReads
    failures = StoreFailures(logger: logger)
  }

  package func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    let requirement = Permissions.byService[context.method.service] ?? .scope("admin")
    guard requirement != .open else { return }
    guard let header = context.metadata["authorization"] else {
      guard requirement == .read, anonymousReads else { throw Self.missing }
      return
    }
    let caller = try await authenticate(header, context)
    if case .scope(let scope) = requirement, !caller.scopes.contains(scope) {
      throw .refusal(
        .permissionDenied, .scopeMissing, "The key lacks the scope for this method.",
        metadata: ["scope": scope])
    }
    context.caller = caller
  }

  private func authenticate(
    _ header: String, _ context: ServerContext
  ) async throws(RPCError) -> PartnerCaller {
    guard header.count <= Limits.authorizationCharacters,
      header.prefix(7).lowercased() == "bearer "
    else { throw Self.invalid }
    let key = String(header.dropFirst(7))
    let remaining = context.remaining
    let cache = parts[context.loop].credentials
    let credential = try await failures.translating { () async throws(StoreError) in
      try await cache.credential(forKey: key, timeout: remaining)
    }
    guard let credential, credential.isActive else { throw Self.invalid }
    return PartnerCaller(
      partnerID: credential.partnerID, scopes: Set(credential.scopes))
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
