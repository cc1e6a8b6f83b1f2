// The one error of this layer: why the store could not do what was asked, sorted by what a caller
// may do about it. Refusals by the rules of the sale are outcomes, not errors.

package import Postgres

/// A failure of the store.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller may do.
  package enum Kind: Sendable, Equatable {
    /// Too many requests wait already; nothing was done. Repeat later.
    case overloaded
    /// The database is away or not writable. Repeat later, with the same request id.
    case unavailable
    /// The caller's time ran out. What became of the request is found by its id.
    case deadlineExceeded
    /// The caller left.
    case cancelled
    /// Another transaction was in the way several times over. Repeat now.
    case contended
    /// A page token that this list did not give out with these filters.
    case invalidPageToken
    /// The database does not hold what it must, or the program asked nonsense. Our fault.
    case fault
  }

  /// What a caller may do.
  package let kind: Kind
  /// What happened below, when the database was involved.
  package let cause: PostgresError?

  /// A failure of a kind.
  package init(_ kind: Kind, cause: PostgresError? = nil) {
    self.kind = kind
    self.cause = cause
  }

  /// Sorts an error of the database.
  package init(_ error: PostgresError) {
    self.init(Self.kind(of: error), cause: error)
  }

  package var description: String {
    cause.map { "\(kind): \($0)" } ?? "\(kind)"
  }

  private static func kind(of error: PostgresError) -> Kind {
    switch error.kind {
    case .cancelled: .cancelled
    case .deadlineExceeded: .deadlineExceeded
    case .queueFull: .overloaded
    case .serializationFailure, .deadlockDetected, .lockTimeout: .contended
    case .queryCancelled: .unavailable
    default: error.isUnavailable ? .unavailable : .fault
    }
  }
}
