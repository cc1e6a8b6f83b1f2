// usher.v1.AccountService: customers' accounts and sessions. Passwords are checked off the loops; what is
// kept of anything secret is the store's.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import Secrets
package import UsherProtos

package struct AccountService: Usher.V1.AccountServiceServer {
  private let parts: PerLoop<NodeParts>
  private let holds: AccountHolds
  private let hasher: PasswordHasher
  private let keys: TokenKeyring
  private let failures: StoreFailures

  package init(
    _ parts: PerLoop<NodeParts>, _ holds: AccountHolds, _ hasher: PasswordHasher,
    _ keys: TokenKeyring, logger: Logger
  ) {
    self.parts = parts
    self.holds = holds
    self.hasher = hasher
    self.keys = keys
    failures = StoreFailures(logger: logger)
  }

  // MARK: Sessions

  package func signUp(
    _ request: Usher.V1.SignUpRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SignUpResponse {
    try AccountWishes.check(request)
    try parts[context.loop].credentials.countPassword(context)
    let hash = try await hashing { () async throws(SecretsError) in
      try await hasher.hash(request.password)
    }
    let account = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.signUp(
        id: .random(), email: request.email, phone: request.phone, name: request.name,
        passwordHash: hash, timeout: timeout)
    }
    guard let account else { throw Self.emailTaken }
    return .init(account: .init(account))
  }

  package func logIn(
    _ request: Usher.V1.LogInRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.LogInResponse {
    try AccountWishes.check(request)
    let (accountID, state, hash, attempt) = try await authenticate(
      request.email, request.password, context)
    guard state != .blocked else {
      await forgive(attempt, context)
      throw .refusal(.accountBlocked, "The account is blocked.")
    }
    let refreshToken = APIKeySecret.makeRefreshToken()
    let session = try await forgiving(attempt, context) { () async throws(RPCError) in
      try await ask(context) { (store, timeout) async throws(StoreError) in
        try await store.beginSession(
          id: .random(), of: accountID, email: request.email, passwordHash: hash,
          refreshToken: refreshToken, lifetimeSeconds: Limits.sessionSeconds, timeout: timeout)
      }
    }
    // Blocked or closed in this moment, or the password is another now.
    guard let session else {
      await forgive(attempt, context)
      throw Self.loginFailed
    }
    return .init(
      accountId: accountID.description, tokens: try tokens(session, refreshToken: refreshToken))
  }

  package func refreshSession(
    _ request: Usher.V1.RefreshSessionRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.RefreshSessionResponse {
    var violations = FieldViolations()
    violations.require(
      request.refreshToken.utf8.count <= Limits.authorizationBytes, "refresh_token",
      "must have at most \(Limits.authorizationBytes) bytes")
    try violations.check()
    try parts[context.loop].credentials.countAnonymous(context)
    let next = APIKeySecret.makeRefreshToken()
    let session = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.renewSession(request.refreshToken, next: next, timeout: timeout)
    }
    guard let session else {
      throw .refusal(.sessionOver, "The session is over; log in again.")
    }
    return .init(tokens: try tokens(session, refreshToken: next))
  }

  package func logOut(
    _ request: Usher.V1.LogOutRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.LogOutResponse {
    let own = try context.ownAccount()
    try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.endSession(id: own.sessionID, timeout: timeout)
    }
    parts.onEach { $0.credentials.forgetSession(own.sessionID) }
    return .init()
  }

  // MARK: The profile

  package func getProfile(
    _ request: Usher.V1.GetProfileRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetProfileResponse {
    let own = try context.ownAccount()
    let account = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.account(id: own.accountID, timeout: timeout)
    }
    guard let account else { throw .hidden }
    return .init(account: .init(account))
  }

  package func updateProfile(
    _ request: Usher.V1.UpdateProfileRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.UpdateProfileResponse {
    let own = try context.ownAccount()
    let change = try AccountWishes.change(request)
    let update = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.update(id: own.accountID, change, timeout: timeout)
    }
    switch update {
    case .done(let account): return .init(account: .init(account))
    case .emailTaken: throw Self.emailTaken
    case .notFound: throw CredentialInterceptor.invalid
    }
  }

  package func changePassword(
    _ request: Usher.V1.ChangePasswordRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ChangePasswordResponse {
    let own = try context.ownAccount()
    var violations = FieldViolations()
    AccountWishes.check(password: request.newPassword, "new_password", &violations)
    try violations.check()
    let before = try await confirm(request.password, of: own, context)
    let hash = try await hashing { () async throws(SecretsError) in
      try await hasher.hash(request.newPassword)
    }
    let isDone = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.changePassword(
        of: own.accountID, from: before, toHash: hash, keeping: own.sessionID, timeout: timeout)
    }
    guard isDone else { throw Self.passwordChanged }
    parts.onEach { $0.credentials.forgetSessions() }
    return .init()
  }

  package func closeAccount(
    _ request: Usher.V1.CloseAccountRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.CloseAccountResponse {
    let own = try context.ownAccount()
    let hash = try await confirm(request.password, of: own, context)
    let isDone = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.close(id: own.accountID, passwordHash: hash, timeout: timeout)
    }
    guard isDone else { throw Self.passwordChanged }
    parts.onEach { $0.credentials.forgetSessions() }
    // What is under way now is released by the sweeper.
    _ = try await holds.release(of: own.accountID, context)
    return .init()
  }

  // MARK: Passwords

  /// An attempt to log in, which counts as a failure unless it is forgiven or succeeds.
  private struct Attempt {
    let email: String
    /// As the store tells it.
    let begunAt: Int64
  }

  /// Whose password this is, and the hash that says so: what is done about it holds only while the account
  /// still has it. As much work, and the same answer, whether the address or the password is wrong.
  private func authenticate(
    _ email: String, _ password: String, _ context: ServerContext
  ) async throws(RPCError) -> (UniqueID, AccountState, hash: String, Attempt) {
    try parts[context.loop].credentials.countPassword(context)
    let begun = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.beginLogin(email: email, timeout: timeout)
    }
    switch begun {
    case .locked(let span):
      throw .retryable(
        .loginLocked, "Too many wrong passwords; try again later.",
        retryAfterMs: max(1, span.wholeMilliseconds))
    case .check(let id, let state, let hash, let begunAt):
      let attempt = Attempt(email: email, begunAt: begunAt)
      let isRight = try await forgiving(attempt, context) { () async throws(RPCError) in
        try await hashing { () async throws(SecretsError) in
          try await hasher.verify(password, hash)
        }
      }
      guard isRight, let id, let state, let hash else { throw Self.loginFailed }
      return (id, state, hash, attempt)
    }
  }

  /// Does what belongs to an attempt. One that was not looked at, or was right and of which nothing came, has
  /// not failed.
  private func forgiving<Value>(
    _ attempt: Attempt, _ context: ServerContext, _ body: () async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    do throws(RPCError) {
      return try await body()
    } catch {
      await forgive(attempt, context)
      throw error
    }
  }

  /// Takes back that an attempt counts as a failure. It may be because the caller's time is over, or the caller
  /// gone; so this has a time and a task of its own.
  private func forgive(_ attempt: Attempt, _ context: ServerContext) async {
    let store = parts[context.loop].accounts
    await context.loop.spawn {
      do throws(StoreError) {
        try await store.forgiveLogin(
          email: attempt.email, begunAt: attempt.begunAt, timeout: Limits.forgivingTime)
      } catch {
        failures.logger.warning("log-in not forgiven", metadata: ["error": "\(error)"])
      }
    }.value
  }

  /// The hash of the caller's own account. Throws unless this is its password.
  private func confirm(
    _ password: String, of own: OwnAccount, _ context: ServerContext
  ) async throws(RPCError) -> String {
    let email = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.loginName(of: own.accountID, timeout: timeout)
    }
    guard let email, password.utf8.count <= Secrets.Limits.passwordBytes else {
      throw Self.loginFailed
    }
    let (_, _, hash, attempt) = try await authenticate(email, password, context)
    // It does not begin a session, which would forget the attempt.
    await forgive(attempt, context)
    return hash
  }

  private func hashing<Value>(
    _ body: () async throws(SecretsError) -> Value
  ) async throws(RPCError) -> Value {
    do throws(SecretsError) {
      return try await body()
    } catch {
      guard error == .busy else {
        failures.logger.error("password hashing failed", metadata: ["error": "\(error)"])
        throw .hidden
      }
      throw .retryable(
        .overloaded, "Too many passwords are being checked.",
        retryAfterMs: 2_000)
    }
  }

  // MARK: Shared

  private func tokens(
    _ session: AccountSession, refreshToken: String
  ) throws(RPCError) -> Usher.V1.SessionTokens {
    let claims = AccessClaims(
      account: session.accountID.description, session: session.id.description,
      issuedAt: session.nowSeconds, expiresAt: session.nowSeconds + Limits.accessSeconds)
    guard let token = try? keys.current.issue(claims) else { throw .hidden }
    return .init(
      accessToken: token, accessSeconds: Limits.accessSeconds, refreshToken: refreshToken)
  }

  private func ask<Answer>(
    _ context: ServerContext,
    _ body: (AccountStore, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let store = parts[context.loop].accounts
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, timeout)
    }
  }

  private static var loginFailed: RPCError {
    .refusal(.loginFailed, "The e-mail address or the password is wrong.")
  }

  private static var passwordChanged: RPCError {
    .refusal(
      .passwordChanged, "The password has been changed, or the account has ended, in between.")
  }

  private static var emailTaken: RPCError {
    .refusal(.emailTaken, "An account has this e-mail address.")
  }
}
