// The one error type of this floor.

/// Why a secret could not be handled. Carries nothing secret.
package enum SecretsError: Error, Equatable, Sendable {
  /// Too many passwords wait already; try again later.
  case busy
  /// The system gave no memory, no thread or no randomness.
  case system(String)
  /// A key file cannot be used, in words for the operator.
  case keyFile(String)
}
