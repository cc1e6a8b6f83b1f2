// What customers say of movies, checked field by field; and what is told of it, as messages.

import Booking
import BookingStore
import RPC
import UsherProtos

/// The checks.
enum ReviewWishes {
  static func check(_ request: Usher.V1.PutReviewRequest) throws(RPCError) -> Int16 {
    var violations = FieldViolations()
    violations.require((1...10).contains(request.rating), "rating", "must be 1 to 10")
    violations.requireText(request.text, "text", 0...Limits.proseCharacters)
    try violations.check()
    return Int16(truncatingIfNeeded: request.rating)
  }

  /// The request's id.
  static func check(_ request: Usher.V1.AddCommentRequest) throws(RPCError) -> UniqueID {
    var violations = FieldViolations()
    violations.require(
      request.parentCommentId >= 0, "parent_comment_id", "must not be negative")
    violations.requireText(request.text, "text", 1...Limits.commentCharacters)
    let id = UniqueID(request.requestId)
    violations.require(id != nil, "request_id", "must be a UUID")
    try violations.check()
    guard let id else { throw .hidden }
    return id
  }

  static func report(
    _ request: Usher.V1.ReportContentRequest
  ) throws(RPCError) -> (ContentID, Int16) {
    let content: ContentID? =
      switch request.content {
      case .reviewId(let id): .review(id)
      case .commentId(let id): .comment(id)
      case nil: nil
      }
    return (
      try check(content, request.objection, isNeeded: true),
      Int16(truncatingIfNeeded: request.objection.rawValue)
    )
  }

  static func judgement(
    _ request: Usher.Admin.V1.ModerateContentRequest
  ) throws(RPCError) -> ContentID {
    let content: ContentID? =
      switch request.content {
      case .reviewId(let id): .review(id)
      case .commentId(let id): .comment(id)
      case nil: nil
      }
    return try check(content, request.objection, isNeeded: request.hidden)
  }

  private static func check(
    _ content: ContentID?, _ objection: Usher.V1.ContentObjection, isNeeded: Bool
  ) throws(RPCError) -> ContentID {
    var violations = FieldViolations()
    violations.require(content != nil, "content", "must be a review_id or a comment_id")
    let isKnown = (1...5).contains(objection.rawValue)
    violations.require(
      isNeeded ? isKnown : objection == .unspecified, "objection",
      isNeeded
        ? "must be SPAM, ABUSE, SPOILER, PERSONAL_DATA or OTHER"
        : "must be left out of what is not hidden")
    try violations.check()
    guard let content else { throw .hidden }
    return content
  }
}

extension RPCError {
  /// There is no such review or comment that stands.
  static func noContent(_ content: ContentID) -> RPCError {
    switch content {
    case .review(let id): .notFound(.reviewNotFound, "review", String(id))
    case .comment(let id): .notFound(.commentNotFound, "comment", String(id))
    }
  }
}

// MARK: Answers

extension Usher.V1.Review {
  init(_ record: ReviewRecord) {
    self.init(
      reviewId: record.id, movieId: record.movieID, authorName: record.authorName,
      rating: Int32(record.rating), text: record.text,
      createdAt: .init(unixMicroseconds: record.createdAt),
      editedAt: record.editedAt.map { .init(unixMicroseconds: $0) },
      commentCount: record.commentCount, hidden: record.isHidden)
  }
}

extension Usher.V1.Comment {
  init(_ record: CommentRecord) {
    self.init(
      commentId: record.id, reviewId: record.reviewID, parentCommentId: record.parentID,
      authorName: record.authorName, text: record.text,
      createdAt: .init(unixMicroseconds: record.createdAt), removed: record.isRemoved)
  }
}

extension Usher.Admin.V1.ContentReport {
  init(_ record: ReportRecord) {
    let content: Content =
      switch record.content {
      case .review(let review): .review(.init(review))
      case .comment(let comment): .comment(.init(comment))
      }
    self.init(
      content: content, reportCount: record.reportCount,
      objections: record.objections.map { .init(rawValue: Int32($0)) },
      reportedAt: .init(unixMicroseconds: record.reportedAt))
  }
}
