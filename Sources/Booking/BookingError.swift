// The one error of this layer: what a caller asked that the sales rules forbid.
// Knows no status codes: the service border maps each code to one.

/// A request that breaks a rule of the sales domain.
package struct BookingError: Error, Equatable {
  /// Which rule was broken.
  package enum Code: Equatable, Sendable {
    /// A layout that contradicts itself; only whoever imports layouts sees it.
    case invalidLayout
    /// No seat was named.
    case noSeats
    /// More seats than one booking may have.
    case tooManySeats
    /// Labels that the show does not have; `subjects` are all of them.
    case unknownSeats
    /// Labels named more than once; `subjects` are all of them.
    case duplicateSeats
    /// A tier that the show does not have.
    case unknownTier
    /// A tier without a price; a fault in the catalogue.
    case missingPrice
    /// An amount beyond 64 bits, or amounts of two currencies.
    case moneyOverflow
    /// Text that is no currency code, id or quote.
    case malformed
  }

  /// Which rule was broken.
  package let code: Code
  /// What went wrong, for the developer of the client; repeats no more than the subjects.
  package let message: String
  /// The labels or names concerned.
  package let subjects: [String]

  /// Describes a broken rule.
  package init(_ code: Code, _ message: String, subjects: [String] = []) {
    self.code = code
    self.message = message
    self.subjects = subjects
  }
}
