// Customers' accounts and their sessions. Of passwords and tokens it sees hashes only; it hashes tokens,
// and leaves passwords to those who can afford it.

package import Booking
import Postgres

/// Whether an account may book.
package enum AccountState: Int16, Sendable, CaseIterable {
  /// It may.
  case active = 1
  /// Its owner has left; nothing personal is kept.
  case closed
  /// An operator has shut it out.
  case blocked
}

/// An account.
package struct AccountRecord: Sendable, Hashable {
  /// The id.
  package let id: UniqueID
  /// As its owner writes it; empty once closed.
  package let email: String
  /// As E.164 has it; may be empty.
  package let phone: String
  /// May be empty.
  package let name: String
  /// Whether it may book.
  package let state: AccountState
  /// Microseconds since 1970.
  package let createdAt: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    guard let state = AccountState(rawValue: try row.decode(4)) else {
      throw PostgresError(.decoding, "an account's state is not known")
    }
    id = UniqueID(try row.decode(0, as: PostgresUUID.self))
    email = try row.decode(1)
    phone = try row.decode(2)
    name = try row.decode(3)
    self.state = state
    createdAt = try row.decode(5, as: PostgresTimestamp.self).unixMicroseconds
  }
}

/// What there is to change of an account; nil leaves a thing as it is.
package struct AccountChange: Sendable, Hashable {
  /// E-mail address.
  package var email: String?
  /// Telephone number.
  package var phone: String?
  /// Name.
  package var name: String?

  /// Changes nothing.
  package init() {}
}

/// A session that has begun or goes on.
package struct AccountSession: Sendable, Hashable {
  /// Whose it is.
  package let accountID: UniqueID
  /// Its own id.
  package let id: UniqueID
  /// The database's time in seconds since 1970.
  package let nowSeconds: Int64
}

/// Accounts.
package struct AccountStore: Sendable {
  private let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  /// Makes an account; nil when another has the e-mail address.
  package func signUp(
    id: UniqueID, email: String, phone: String, name: String, passwordHash: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> AccountRecord? {
    let result = try await database.ask(
      Statements.signUp,
      [
        .uuid(PostgresUUID(id)), .text(email), .text(Self.key(email)), .text(phone), .text(name),
        .text(passwordHash),
      ], timeout: timeout)
    return try Self.account(result)
  }

  /// An account by its id; nil when there is none.
  package func account(
    id: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> AccountRecord? {
    let result = try await database.ask(
      Statements.getAccount, [.uuid(PostgresUUID(id)), .text(nil)], timeout: timeout)
    return try Self.account(result)
  }

  /// An account by its e-mail address in any case; nil when there is none.
  package func account(
    email: String, timeout: Duration? = nil
  ) async throws(StoreError) -> AccountRecord? {
    let result = try await database.ask(
      Statements.getAccount, [.uuid(nil), .text(Self.key(email))], timeout: timeout)
    return try Self.account(result)
  }

  /// What became of a wish to change an account.
  package enum Update: Sendable, Hashable {
    /// This is what it is now.
    case done(AccountRecord)
    /// There is no such account that is active.
    case notFound
    /// Another account has the e-mail address.
    case emailTaken
  }

  /// Changes an account that is active.
  package func update(
    id: UniqueID, _ change: AccountChange, timeout: Duration? = nil
  ) async throws(StoreError) -> Update {
    do throws(StoreError) {
      let result = try await database.ask(
        Statements.updateAccount,
        [
          .uuid(PostgresUUID(id)), .text(change.email), .text(change.email.map(Self.key)),
          .text(change.phone), .text(change.name),
        ], timeout: timeout)
      return try Self.account(result).map { .done($0) } ?? .notFound
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      return .emailTaken
    }
  }

  /// What the account named by a booking's `customer_ref` holds.
  package func holds(
    of customerRef: String, timeout: Duration? = nil
  ) async throws(StoreError) -> [BookingID] {
    let result = try await database.ask(
      Statements.listAccountHolds, [.text(customerRef)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      var ids: [BookingID] = []
      for row in result.rows {
        guard let id = BookingID(UniqueID(try row.decode(0, as: PostgresUUID.self))) else {
          throw PostgresError(.decoding, "a booking's id cannot be read")
        }
        ids.append(id)
      }
      return ids
    }
  }

  /// Closes an account that is active and erases what is personal; false when there is none.
  /// Without effect when its password has another hash by now.
  package func close(
    id: UniqueID, passwordHash: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(
      Statements.closeAccount, [.uuid(PostgresUUID(id)), .text(passwordHash)], timeout: timeout)
    return result.rowCount > 0
  }

  /// What two addresses share that differ in case only.
  static func key(_ email: String) -> String { email.lowercased() }

  private static func account(_ result: PostgresResult) throws(StoreError) -> AccountRecord? {
    try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try AccountRecord(row) }
    }
  }
}

// MARK: Sessions

/// An attempt to log in.
package enum LoginAttempt: Sendable, Hashable {
  /// Too many failed before it: not for so long.
  case locked(Duration)
  /// Check the password, even of an account that there is not. The attempt is known by when it began, in
  /// microseconds since 1970.
  case check(UniqueID?, AccountState?, passwordHash: String?, begunAt: Int64)
}

extension AccountStore {
  /// Begins an attempt, which counts as a failure until its session begins.
  package func beginLogin(
    email: String, timeout: Duration? = nil
  ) async throws(StoreError) -> LoginAttempt {
    let key = Self.key(email)
    let result = try await database.ask(
      Statements.beginLogin, [.text(key), .secretHash(key)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      let lockedMs: Int64 = try row.decode(3)
      guard lockedMs == 0 else { return .locked(.milliseconds(lockedMs)) }
      return .check(
        try row.decode(0, as: PostgresUUID?.self).map { UniqueID($0) },
        try row.decode(1, as: Int16?.self).flatMap(AccountState.init(rawValue:)),
        passwordHash: try row.decode(2),
        begunAt: try row.decode(4, as: PostgresTimestamp.self).unixMicroseconds)
    }
  }

  /// Takes back that the attempt that began then counts as a failure: nobody has looked at its password.
  package func forgiveLogin(
    email: String, begunAt: Int64, timeout: Duration? = nil
  ) async throws(StoreError) {
    _ = try await database.ask(
      Statements.forgiveLogin,
      [
        .secretHash(Self.key(email)), .timestamp(PostgresTimestamp(unixMicroseconds: begunAt)),
      ], timeout: timeout)
  }

  /// Begins a session and forgets the failures before it; nil unless the account is active and its password
  /// still is the one that was checked.
  package func beginSession(
    id: UniqueID, of accountID: UniqueID, email: String, passwordHash: String,
    refreshToken: String, lifetimeSeconds: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> AccountSession? {
    let result = try await database.ask(
      Statements.beginSession,
      [
        .uuid(PostgresUUID(accountID)), .secretHash(Self.key(email)), .uuid(PostgresUUID(id)),
        .secretHash(refreshToken), .int8(lifetimeSeconds), .text(passwordHash),
      ], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      AccountSession(accountID: accountID, id: id, nowSeconds: try row.decode(0))
    }
  }

  /// Takes a refresh token for the next one; nil when it is no good, and its session has ended when it
  /// was used before.
  package func renewSession(
    _ refreshToken: String, next: String, timeout: Duration? = nil
  ) async throws(StoreError) -> AccountSession? {
    let result = try await database.ask(
      Statements.renewSession, [.secretHash(refreshToken), .secretHash(next)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      AccountSession(
        accountID: UniqueID(try row.decode(0, as: PostgresUUID.self)),
        id: UniqueID(try row.decode(1, as: PostgresUUID.self)), nowSeconds: try row.decode(2))
    }
  }

  /// Whether a session goes on, its account is active, and a token that ends at a second has not.
  package func isOpen(
    session: UniqueID, of accountID: UniqueID, tokenEndsAt second: Int64,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(
      Statements.findSession,
      [.uuid(PostgresUUID(session)), .uuid(PostgresUUID(accountID)), .int8(second)],
      timeout: timeout)
    return result.rowCount > 0
  }

  /// Ends a session.
  package func endSession(
    id: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) {
    _ = try await database.ask(
      Statements.endSession, [.uuid(PostgresUUID(id))], timeout: timeout)
  }

  /// The e-mail address, in lower case, of an account that is active, by which its password is checked;
  /// nil when there is none.
  package func loginName(
    of id: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> String? {
    let result = try await database.ask(
      Statements.getLoginName, [.uuid(PostgresUUID(id))], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in try row.decode(0) }
  }

  /// Changes the password and ends all sessions but one; false when there is no such account, or its
  /// password is another by now.
  package func changePassword(
    of id: UniqueID, from before: String, toHash hash: String, keeping session: UniqueID,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(
      Statements.changePassword,
      [
        .uuid(PostgresUUID(id)), .text(hash), .uuid(PostgresUUID(session)), .text(before),
      ], timeout: timeout)
    return result.rowCount > 0
  }
}
