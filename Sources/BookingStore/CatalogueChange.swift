// What the database announces when the catalogue has changed, and the one place that knows how.

/// A committed change of the catalogue: enough to know which answers may have changed with it.
package struct CatalogueChange: Sendable, Hashable {
  /// What has changed.
  package enum Subject: Int16, Sendable, CaseIterable {
    /// Cities, theatres or auditoriums.
    case places = 1
    /// What movies are.
    case movies
    /// Shows of a movie (0: none) at a theatre in a city.
    case shows
    /// What is thought of a movie.
    case reviews
  }

  /// What has changed.
  package let subject: Subject
  /// The city; 0 where it does not matter, as all of these.
  package let cityID: Int64
  /// The theatre.
  package let theatreID: Int64
  /// The movie.
  package let movieID: Int64

  /// A change.
  package init(
    _ subject: Subject, cityID: Int64 = 0, theatreID: Int64 = 0, movieID: Int64 = 0
  ) {
    self.subject = subject
    self.cityID = cityID
    self.theatreID = theatreID
    self.movieID = movieID
  }

  /// Prefix of the messages.
  static let messagePrefix = "usher.catalogue"

  /// Reads a message as tell_catalogue() writes it: subject int2, then city, theatre and movie int8,
  /// big-endian. Nil for anything else.
  init?(message: [UInt8]) {
    guard message.count == 26 else { return nil }
    func integer(_ range: Range<Int>) -> UInt64 {
      message[range].reduce(0) { $0 << 8 | UInt64($1) }
    }
    let raw = Int16(truncatingIfNeeded: integer(0..<2))
    guard let subject = Subject(rawValue: raw) else { return nil }
    self.init(
      subject, cityID: Int64(bitPattern: integer(2..<10)),
      theatreID: Int64(bitPattern: integer(10..<18)),
      movieID: Int64(bitPattern: integer(18..<26)))
  }
}
