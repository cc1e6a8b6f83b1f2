// Who a caller turned out to be, remembered for a short while by what it showed, so that a busy
// partner costs no query a call.

package import Booking
package import BookingStore
import Glibc
import RPC
import Reactor
package import Secrets

/// What a caller shows.
enum ShownCredential {
  /// The metadata `authorization`.
  case authorization(String)
  /// A client certificate, verified by the handshake.
  case certificate(PeerIdentity)
}

/// The account and the session that an access token names.
package struct OwnAccount: Sendable, Hashable {
  /// The account.
  package let accountID: UniqueID
  /// The session.
  package let sessionID: UniqueID
  /// When the token ends, in seconds since 1970.
  package let tokenEndsAt: Int64
  /// What its bookings have as `customer_ref`.
  package let customerRef: String
}

/// Somebody who has shown a good key or token. An object, so that naming the caller of a call costs a
/// reference and nothing else.
package final class KnownCaller: CallerIdentity {
  /// The partner; the house itself for a customer.
  package let partnerID: Int64
  /// The key that was shown; 0 for a customer.
  package let keyID: Int64
  /// First characters of the key: what an audit may say of it.
  package let keyPrefix: String
  /// What the key may be used for.
  package let scopes: Scopes
  /// The theatres it is good for; nil for all.
  package let theatreIDs: Set<Int64>?
  /// The customer's account; nil for a key.
  package let account: OwnAccount?
  /// How often it may call.
  let rates: CallRates

  init(_ credential: Credential, _ limits: RateLimits) {
    rates = limits.rates(
      ofKey: credential.keyID, selling: credential.sellingPerSecond,
      reporting: credential.reportingPerSecond)
    partnerID = credential.partnerID
    keyID = credential.keyID
    keyPrefix = credential.prefix
    scopes = Scopes(names: credential.scopes)
    theatreIDs = credential.theatreIDs.map(Set.init)
    account = nil
  }

  /// A customer.
  init(_ account: OwnAccount, _ limits: RateLimits) {
    rates = limits.rates(ofAccount: account.accountID)
    partnerID = StoreLimits.housePartnerID
    keyID = 0
    keyPrefix = ""
    scopes = []
    theatreIDs = nil
    self.account = account
  }

  /// Counts calls. Throws RESOURCE_EXHAUSTED with the time to wait when it has made too many lately.
  func count(_ calls: Int = 1, in lane: RateLane) throws(RPCError) {
    try rates.count(calls, in: lane)
  }
}

extension CallRates {
  fileprivate func count(_ calls: Int = 1, in lane: RateLane) throws(RPCError) {
    guard let rate = self[lane], let wait = rate.take(calls) else { return }
    throw .tooManyCalls(lane, perSecond: rate.perSecond, wait: wait)
  }
}

/// Keeps answers about credentials. Confined to its loop.
package final class CredentialCache {
  private struct Entry {
    let caller: KnownCaller?
    let until: LoopInstant
  }

  private let store: CredentialStore
  private let tokens: TokenKeyring?
  private let limits: RateLimits
  /// By the whole `authorization` value: what repeats is found without being taken apart.
  private var entries: [String: Entry] = [:]
  /// By the certificate's fingerprint. Apart, or whoever shows that as text would pass for its owner.
  private var certificates: [String: Entry] = [:]

  /// Without `tokens` no access token is good.
  package init(_ store: CredentialStore, _ tokens: TokenKeyring?, _ limits: RateLimits) {
    self.store = store
    self.tokens = tokens
    self.limits = limits
  }

  /// Counts a call without a credential. Throws RESOURCE_EXHAUSTED with the time to wait when too many came
  /// from its address lately.
  func countAnonymous(_ context: ServerContext) throws(RPCError) {
    try limits.rates(ofPeer: context.peer).count(in: .selling)
  }

  /// Who shows this as was found out lately: nobody when it is no good key's, nil when the store has to be
  /// asked.
  func known(showing shown: ShownCredential) -> KnownCaller?? {
    let found =
      switch shown {
      case .authorization(let value): entries[value]
      case .certificate(let identity): certificates[identity.fingerprint]
      }
    guard let entry = found, entry.until > .now else { return nil }
    return .some(entry.caller)
  }

  /// Whoever shows this; nil when it is no good key's.
  func caller(
    showing shown: ShownCredential, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    if let known = known(showing: shown) { return known }
    switch shown {
    case .authorization(let value): return try await caller(showing: value, timeout: timeout)
    case .certificate(let identity): return try await caller(showing: identity, timeout: timeout)
    }
  }

  private func caller(
    showing identity: PeerIdentity, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    let now = LoopInstant.now
    let found = try await store.credential(
      forCertificate: identity.credentialNames, timeout: timeout)
    let credential = found.flatMap { $0.isActive ? $0 : nil }
    let caller = credential.map { KnownCaller($0, limits) }
    if certificates.count >= Limits.cachedCredentials { certificates.removeAll() }
    certificates[identity.fingerprint] = Entry(
      caller: caller, until: now + Self.lifetime(credential))
    return caller
  }

  private func caller(
    showing authorization: String, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    let now = LoopInstant.now
    guard authorization.utf8.count <= Limits.authorizationBytes,
      authorization.prefix(7).lowercased() == "bearer "
    else { return nil }
    let secret = authorization.dropFirst(7)
    // Keys have no dots, tokens have two.
    if let tokens, secret.utf8.contains(UInt8(ascii: ".")) {
      let caller = customer(showing: String(secret), tokens.current)
      keep(caller, as: authorization, until: now + Limits.refusedKeyLifetime)
      return caller
    }
    let found = try await store.credential(
      forKey: String(secret), timeout: timeout)
    let credential = found.flatMap { $0.isActive ? $0 : nil }
    let caller = credential.map { KnownCaller($0, limits) }
    keep(caller, as: authorization, until: now + Self.lifetime(credential))
    return caller
  }

  private func keep(_ caller: KnownCaller?, as shown: String, until: LoopInstant) {
    // A full cache is emptied: the keys in use come back within a call each.
    if entries.count >= Limits.cachedCredentials { entries.removeAll() }
    entries[shown] = Entry(caller: caller, until: until)
  }

  private func customer(showing token: String, _ keys: TokenKeys) -> KnownCaller? {
    guard let claims = keys.claims(of: token, at: Int64(time(nil))),
      let accountID = UniqueID(claims.account), let sessionID = UniqueID(claims.session)
    else { return nil }
    return KnownCaller(
      OwnAccount(
        accountID: accountID, sessionID: sessionID, tokenEndsAt: claims.expiresAt,
        customerRef: accountID.description), limits)
  }

  /// Forgets everybody: what was changed on this node counts here at once.
  package func forgetAll() {
    entries.removeAll()
    certificates.removeAll()
  }

  private static func lifetime(_ credential: Credential?) -> Duration {
    guard let credential else { return Limits.refusedKeyLifetime }
    return min(Limits.credentialLifetime, credential.validFor ?? Limits.credentialLifetime)
  }
}

extension PeerIdentity {
  /// What operators may have written of it, the most exact first. Names that nobody can have written are
  /// left out.
  var credentialNames: [String] {
    let names = uris.map { "uri:\($0)" } + dnsNames.map { "dns:\($0.lowercased())" }
    return ["sha256:\(fingerprint)"]
      + names.prefix(Limits.certificateNames).filter(OperatorWishes.isCertificateName)
  }
}
