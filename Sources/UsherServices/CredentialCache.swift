// Who a caller turned out to be, remembered for a short while by what it showed, so that a busy
// partner costs no query a call.

package import BookingStore
import RPC
import Reactor

/// A partner that has shown a good key. An object, so that naming the caller of a call costs a
/// reference and nothing else.
package final class PartnerCaller: CallerIdentity {
  /// The partner.
  package let partnerID: Int64
  /// The key it has shown.
  package let keyID: Int64
  /// First characters of the key: what an audit may say of it.
  package let keyPrefix: String
  /// What the key may be used for.
  package let scopes: Scopes
  /// The theatres it is good for; nil for all.
  package let theatreIDs: Set<Int64>?

  package init(_ credential: Credential) {
    partnerID = credential.partnerID
    keyID = credential.keyID
    keyPrefix = credential.prefix
    scopes = Scopes(names: credential.scopes)
    theatreIDs = credential.theatreIDs.map(Set.init)
  }
}

/// Keeps answers about credentials. Confined to its loop.
package final class CredentialCache {
  private struct Entry {
    let caller: PartnerCaller?
    let until: LoopInstant
  }

  private let store: CredentialStore
  /// By the whole `authorization` value: what repeats is found without being taken apart.
  private var entries: [String: Entry] = [:]

  package init(_ store: CredentialStore) { self.store = store }

  /// Who shows this `authorization` value as was found out lately: nobody when it is no good key's, nil
  /// when the store has to be asked.
  func known(showing authorization: String) -> PartnerCaller?? {
    guard let entry = entries[authorization], entry.until > .now else { return nil }
    return .some(entry.caller)
  }

  /// Whoever shows this `authorization` value; nil when it is no good key's.
  func caller(
    showing authorization: String, timeout: Duration?
  ) async throws(StoreError) -> PartnerCaller? {
    if let known = known(showing: authorization) { return known }
    let now = LoopInstant.now
    guard authorization.utf8.count <= Limits.authorizationBytes,
      authorization.prefix(7).lowercased() == "bearer "
    else { return nil }
    let found = try await store.credential(
      forKey: String(authorization.dropFirst(7)), timeout: timeout)
    let credential = found.flatMap { $0.isActive ? $0 : nil }
    let entry = Entry(
      caller: credential.map(PartnerCaller.init), until: now + Self.lifetime(credential))
    // A full cache is emptied: the keys in use come back within a call each.
    if entries.count >= Limits.cachedCredentials { entries.removeAll() }
    entries[authorization] = entry
    return entry.caller
  }

  /// Forgets everybody: what was changed on this node counts here at once.
  package func forgetAll() { entries.removeAll() }

  private static func lifetime(_ credential: Credential?) -> Duration {
    guard let credential else { return Limits.refusedKeyLifetime }
    return min(Limits.credentialLifetime, credential.validFor ?? Limits.credentialLifetime)
  }
}
