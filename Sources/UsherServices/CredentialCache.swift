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

  /// Counts a call. Throws RESOURCE_EXHAUSTED with the time to wait when it has made too many lately.
  func count(in lane: RateLane) throws(RPCError) {
    try rates.count(in: lane) { $0.take() }
  }
}

extension CallRates {
  fileprivate func count(
    in lane: RateLane, _ take: (CallRate) -> Duration?
  ) throws(RPCError) {
    guard let rate = self[lane], let wait = take(rate) else { return }
    throw .tooManyCalls(lane.rawValue, perSecond: rate.perSecond, wait: wait)
  }
}

/// Keeps answers about credentials. Confined to its loop.
package final class CredentialCache {
  private struct Entry {
    let caller: KnownCaller
    let until: LoopInstant
  }

  /// Whom a certificate stands for, if anybody.
  private struct Certificate {
    let caller: KnownCaller?
    let until: LoopInstant
  }

  private let store: CredentialStore
  private let tokens: TokenKeyring?
  private let limits: RateLimits
  /// Good keys by the whole `authorization` value: what repeats is found without being taken apart.
  private var keys = Remembered<Entry>()
  /// Good tokens, likewise. Apart, as what is refused is: there may be any number of them, and what they
  /// push out are others of their kind.
  private var customers = Remembered<Entry>()
  private var refused = Remembered<LoopInstant>()
  /// By the certificate's fingerprint. Apart, or whoever shows that as text would pass for its owner.
  private var certificates = Remembered<Certificate>()
  /// Sessions that were open lately, and until when that is taken for granted where nothing is changed.
  private var openSessions: [UniqueID: LoopInstant] = [:]
  /// Who waits for what another call asks the store about.
  private var asking: [String: [CheckedContinuation<Void, Never>]] = [:]

  /// Without `tokens` no access token is good.
  package init(_ store: CredentialStore, _ tokens: TokenKeyring?, _ limits: RateLimits) {
    self.store = store
    self.tokens = tokens
    self.limits = limits
  }

  /// Counts a call without a credential. Throws RESOURCE_EXHAUSTED with the time to wait when too many came
  /// from its address lately.
  func countAnonymous(_ context: ServerContext) throws(RPCError) {
    try limits.rates(ofPeer: context.peer).count(in: .selling) { $0.take() }
  }

  /// Counts what a call that was counted, whoever made it, is worth beside itself. Throws as the others.
  func countMore(_ calls: Int, _ context: ServerContext) throws(RPCError) {
    let rates = (context.caller as? KnownCaller)?.rates ?? limits.rates(ofPeer: context.peer)
    try rates.count(in: .selling) { $0.takeMore(calls) }
  }

  /// Counts a password that is to be hashed, in the same way.
  func countPassword(_ context: ServerContext) throws(RPCError) {
    guard let rate = limits.rates(ofPeer: context.peer).passwords, let wait = rate.take() else {
      return
    }
    throw .tooManyCalls("passwords", perSecond: rate.perSecond, wait: wait)
  }

  /// Counts what is about to be asked of the store, or of a signature, as a guess, until it turns out to be
  /// none: then it is given back to what is returned. Throws as the others.
  func countGuess(
    _ shown: ShownCredential, _ context: ServerContext
  ) throws(RPCError) -> CallRate? {
    // What was good a moment ago is no guess.
    guard case .authorization(let value) = shown, keys[value] == nil, customers[value] == nil,
      let rate = limits.rates(ofPeer: context.peer).guesses
    else { return nil }
    guard let wait = rate.take() else { return rate }
    throw .tooManyCalls("credentials", perSecond: rate.perSecond, wait: wait)
  }

  /// Who shows this as was found out lately: nobody when it is no good key's, nil when the store has to be
  /// asked.
  func known(showing shown: ShownCredential) -> KnownCaller?? {
    switch shown {
    case .authorization(let value):
      if let entry = keys[value] ?? customers[value], entry.until > .now {
        return .some(entry.caller)
      }
      guard let until = refused[value], until > .now else { return nil }
      return .some(nil)
    case .certificate(let identity):
      guard let entry = certificates[identity.fingerprint], entry.until > .now else { return nil }
      return .some(entry.caller)
    }
  }

  /// Whoever shows this; nil when it is no good key's.
  func caller(
    showing shown: ShownCredential, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    if let known = known(showing: shown) { return known }
    switch shown {
    case .authorization(let value):
      guard CredentialShape(value) != nil else { return nil }
      asking[value, default: []] += []
      defer { for waiter in asking.removeValue(forKey: value) ?? [] { waiter.resume() } }
      return try await caller(showing: value, timeout: timeout)
    case .certificate(let identity): return try await caller(showing: identity, timeout: timeout)
    }
  }

  /// Waits while another call asks about the same; false when none does.
  func othersAsk(about shown: ShownCredential) async -> Bool {
    guard case .authorization(let value) = shown, asking[value] != nil else { return false }
    await withCheckedContinuation { asking[value]?.append($0) }
    return true
  }

  private func caller(
    showing identity: PeerIdentity, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    let now = LoopInstant.now
    let found = try await store.credential(
      forCertificate: identity.credentialNames, timeout: timeout)
    let credential = found.flatMap { $0.isActive ? $0 : nil }
    let caller = credential.map { KnownCaller($0, limits) }
    certificates.keep(
      Certificate(caller: caller, until: now + Self.lifetime(credential)),
      as: identity.fingerprint)
    return caller
  }

  private func caller(
    showing authorization: String, timeout: Duration?
  ) async throws(StoreError) -> KnownCaller? {
    let now = LoopInstant.now
    var caller: KnownCaller?
    switch CredentialShape(authorization) {
    case .token(let token):
      caller = tokens.flatMap { customer(showing: token, $0.current) }
      if let caller {
        customers.keep(
          Entry(caller: caller, until: now + Limits.refusedKeyLifetime), as: authorization)
      }
    case .key(let secret):
      let found = try await store.credential(forKey: secret, timeout: timeout)
      let credential = found.flatMap { $0.isActive ? $0 : nil }
      caller = credential.map { KnownCaller($0, limits) }
      if let caller {
        keys.keep(
          Entry(caller: caller, until: now + Self.lifetime(credential)), as: authorization)
      }
    case nil: return nil
    }
    guard caller == nil else { return caller }
    keys.forget(authorization)
    customers.forget(authorization)
    refused.keep(now + Limits.refusedKeyLifetime, as: authorization)
    return nil
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
    keys = Remembered()
    customers = Remembered()
    refused = Remembered()
    certificates = Remembered()
    forgetSessions()
  }

  // MARK: Sessions

  /// Whether a session was open a moment ago.
  func wasOpen(_ session: UniqueID) -> Bool {
    openSessions[session].map { $0 > .now } ?? false
  }

  /// Remembers that a session is open.
  func noteOpen(_ session: UniqueID) {
    if openSessions.count >= Limits.cachedCredentials { forgetSessions() }
    openSessions[session] = .now + Limits.credentialLifetime
  }

  /// Forgets a session that has ended, or all.
  package func forgetSession(_ session: UniqueID) { openSessions[session] = nil }
  package func forgetSessions() { openSessions.removeAll() }

  private static func lifetime(_ credential: Credential?) -> Duration {
    guard let credential else { return Limits.refusedKeyLifetime }
    return min(Limits.credentialLifetime, credential.validFor ?? Limits.credentialLifetime)
  }
}

/// So many things by name that a table has at most. A full one is emptied: what is in use comes back within
/// a call each.
private struct Remembered<Value> {
  private var values: [String: Value] = [:]

  subscript(name: String) -> Value? { values[name] }

  mutating func keep(_ value: Value, as name: String) {
    if values.count >= Limits.cachedCredentials { values.removeAll() }
    values[name] = value
  }

  mutating func forget(_ name: String) { values[name] = nil }
}

/// What an `authorization` value is by its looks. What has none of ours is refused unseen.
enum CredentialShape: Equatable {
  case key(String)
  case token(String)

  /// Nil for what is neither.
  init?(_ authorization: String) {
    guard authorization.utf8.count <= Limits.authorizationBytes,
      authorization.prefix(7).lowercased() == "bearer "
    else { return nil }
    let secret = String(authorization.dropFirst(7))
    let parts = secret.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    switch parts.count {
    case 1 where secret.hasPrefix("usher_") && secret.utf8.allSatisfy(Self.isLetter):
      self = .key(secret)
    case 3
    where parts.allSatisfy({ part in
      !part.isEmpty && part.allSatisfy { Self.isLetter($0) || $0 == UInt8(ascii: "-") }
    }):
      self = .token(secret)
    default: return nil
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
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
