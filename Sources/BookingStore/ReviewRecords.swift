// What customers say of movies, as the store tells it.

import Booking
import Postgres

/// A review.
package struct ReviewRecord: Sendable, Hashable {
  /// Its id.
  package let id: Int64
  /// The movie.
  package let movieID: Int64
  /// What the author's account is called; may be empty.
  package let authorName: String
  /// 1 to 10.
  package let rating: Int16
  /// May be empty.
  package let text: String
  /// Microseconds since 1970.
  package let createdAt: Int64
  /// The same of the last change; nil when there was none.
  package let editedAt: Int64?
  /// How many comments were ever made under it.
  package let commentCount: Int32
  /// Whether an operator has hidden it.
  package let isHidden: Bool

  init(_ row: PostgresRow) throws(PostgresError) { try self.init(row, from: 0) }

  init(_ row: PostgresRow, from first: Int) throws(PostgresError) {
    id = try row.decode(first)
    movieID = try row.decode(first + 1)
    authorName = try row.decode(first + 2)
    rating = try row.decode(first + 3)
    text = try row.decode(first + 4)
    createdAt = try row.decode(first + 5, as: PostgresTimestamp.self).unixMicroseconds
    editedAt = try row.decode(first + 6, as: PostgresTimestamp?.self)?.unixMicroseconds
    commentCount = try row.decode(first + 7)
    isHidden = try row.decode(first + 8)
  }
}

/// Something said under a review.
package struct CommentRecord: Sendable, Hashable {
  /// Its id.
  package let id: Int64
  /// The review.
  package let reviewID: Int64
  /// What it replies to; 0 for nothing.
  package let parentID: Int64
  /// As in a review; empty when it was removed.
  package let authorName: String
  /// What was said; empty when it was removed.
  package let text: String
  /// Microseconds since 1970.
  package let createdAt: Int64
  /// Whether it was taken back or hidden.
  package let isRemoved: Bool

  /// The comment that begins its part of the thread.
  var rootID: Int64 { parentID == 0 ? id : parentID }

  init(_ row: PostgresRow) throws(PostgresError) { try self.init(row, from: 0) }

  init(_ row: PostgresRow, from first: Int) throws(PostgresError) {
    id = try row.decode(first)
    reviewID = try row.decode(first + 1)
    parentID = try row.decode(first + 2)
    authorName = try row.decode(first + 3)
    text = try row.decode(first + 4)
    createdAt = try row.decode(first + 5, as: PostgresTimestamp.self).unixMicroseconds
    isRemoved = try row.decode(first + 6)
  }
}

/// What can be reported and judged.
package enum ContentID: Sendable, Hashable {
  /// A review.
  case review(Int64)
  /// A comment.
  case comment(Int64)
}

/// What was reported.
package struct ReportRecord: Sendable, Hashable {
  /// A review or a comment.
  package enum Content: Sendable, Hashable {
    case review(ReviewRecord)
    case comment(CommentRecord)
  }

  /// What it is.
  package let content: Content
  /// How many have reported it.
  package let reportCount: Int32
  /// Why, as the API numbers objections, each once.
  package let objections: [Int16]
  /// When it was first reported, in microseconds since 1970.
  package let reportedAt: Int64
  /// The first report.
  let firstID: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    reportCount = try row.decode(0)
    objections = try row.decode(1)
    reportedAt = try row.decode(2, as: PostgresTimestamp.self).unixMicroseconds
    firstID = try row.decode(3)
    content =
      try row.decode(4, as: Bool.self)
      ? .comment(try CommentRecord(row, from: 14)) : .review(try ReviewRecord(row, from: 5))
  }
}
