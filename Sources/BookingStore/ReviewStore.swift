// Reviews of movies and the threads under them. Ratings are summed up by the database, whoever changes
// one.

package import Booking
import Postgres

/// Reads and writes reviews.
package struct ReviewStore: Sendable {
  private let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  // MARK: Reviews

  /// Rates a movie, anew when the account has rated it before; nil when there is no such movie.
  package func put(
    _ rating: Int16, _ text: String, of movieID: Int64, by accountID: UniqueID,
    timeout: Duration? = nil
  ) async throws(StoreError) -> ReviewRecord? {
    try await first(
      Statements.putReview,
      [.uuid(PostgresUUID(accountID)), .int8(movieID), .int2(rating), .text(text)], timeout,
      ReviewRecord.init)
  }

  /// What an account thinks of a movie, hidden or not; nil when it has not said.
  package func review(
    of movieID: Int64, by accountID: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> ReviewRecord? {
    try await first(
      Statements.getOwnReview, [.uuid(PostgresUUID(accountID)), .int8(movieID)], timeout,
      ReviewRecord.init)
  }

  /// Takes back a review with its thread; false when there is none.
  package func delete(
    of movieID: Int64, by accountID: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(
      Statements.deleteReview, [.uuid(PostgresUUID(accountID)), .int8(movieID)],
      timeout: timeout)
    return result.rowCount > 0
  }

  /// The reviews of a movie that stand, newest first.
  package func reviews(
    of movieID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ReviewRecord> {
    var filter = RequestHash(command: "reviews")
    filter.add(movieID)
    return try await database.page(
      Statements.listReviews, filter, [.int8(movieID)], pageSize, pageToken, timeout,
      key: { ("", $0.id) }, ReviewRecord.init)
  }

  // MARK: Threads

  /// What became of a wish to say something.
  package enum CommentOutcome: Sendable, Hashable {
    /// It was said, now or by the same request before.
    case said(CommentRecord)
    /// There is no such review that stands.
    case reviewNotFound
    /// There is no such comment in the thread that can be replied to.
    case parentNotFound
    /// The thread is as long as it may be.
    case threadFull
    /// The same request said something else before.
    case requestIDReused
  }

  /// Says something under a review, or in reply to a comment there (0: to none).
  package func comment(
    _ text: String, on reviewID: Int64, replyingTo parentID: Int64, by accountID: UniqueID,
    request: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> CommentOutcome {
    let result = try await database.ask(
      Statements.addComment,
      [
        .uuid(PostgresUUID(accountID)), .int8(reviewID), .int8(parentID), .text(text),
        .uuid(PostgresUUID(request)),
      ], timeout: timeout)
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      guard try row.decode(0, as: Bool.self) else { return .reviewNotFound }
      guard try row.decode(1, as: Bool.self) else { return .parentNotFound }
      guard try row.decode(2, as: Int64?.self) != nil else { return .threadFull }
      let comment = try CommentRecord(row, from: 2)
      let isSame =
        comment.reviewID == reviewID && comment.parentID == parentID && comment.text == text
      return isSame ? .said(comment) : .requestIDReused
    }
  }

  /// Takes back a comment; false when the account has no such comment that stands.
  package func deleteComment(
    id: Int64, by accountID: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let result = try await database.ask(
      Statements.deleteComment, [.uuid(PostgresUUID(accountID)), .int8(id)], timeout: timeout)
    return result.rowCount > 0
  }

  /// The thread under a review, replies behind what they reply to; nil when there is no such review that
  /// stands.
  package func comments(
    on reviewID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<CommentRecord>? {
    var filter = RequestHash(command: "comments")
    filter.add(reviewID)
    let token = try PageToken(pageToken, boundTo: filter)
    guard let root = token == .start ? 0 : Int64(token.key) else {
      throw StoreError(.invalidPageToken)
    }
    let size = Paging.size(pageSize)
    let result = try await database.ask(
      Statements.listComments,
      [.int8(reviewID), .int8(root), .int8(token.id), .int8(Int64(size) + 1)], timeout: timeout)
    if result.rowCount == 0 {
      let found = try await database.ask(
        Statements.hasReview, [.int8(reviewID)], timeout: timeout)
      guard found.rowCount > 0 else { return nil }
    }
    return try Paging.page(
      result, size, filter, key: { (String($0.rootID), $0.id) }, CommentRecord.init)
  }

  // MARK: Moderation

  /// Objects to something; false unless it stands.
  package func report(
    _ content: ContentID, _ objection: Int16, by accountID: UniqueID, timeout: Duration? = nil
  ) async throws(StoreError) -> Bool {
    let (reviewID, commentID): (Int64?, Int64?)
    switch content {
    case .review(let id): (reviewID, commentID) = (id, nil)
    case .comment(let id): (reviewID, commentID) = (nil, id)
    }
    let result = try await database.ask(
      Statements.reportContent,
      [
        .uuid(PostgresUUID(accountID)), .int8(reviewID), .int8(commentID), .int2(objection),
      ], timeout: timeout)
    return result.rowCount > 0
  }

  /// What was reported and not judged since, in the order of first reports.
  package func reports(
    pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ReportRecord> {
    try await database.page(
      Statements.listReports, RequestHash(command: "reports"), [], pageSize, pageToken, timeout,
      key: { ("", $0.firstID) }, ReportRecord.init)
  }

  /// Hides something for a reason, or lets it stand (nil). Returns the movie that it is about; nil when
  /// there is no such thing.
  package func moderate(
    _ content: ContentID, hiddenFor objection: Int16?, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Int64? {
    let (statement, id) =
      switch content {
      case .review(let id): (Statements.moderateReview, id)
      case .comment(let id): (Statements.moderateComment, id)
      }
    return try await first(
      statement,
      actor.values + [.int8(id), .int2(objection == nil ? 1 : 2), .int2(objection ?? 0)], timeout
    ) { (row) throws(PostgresError) in try row.decode(0) }
  }

  private func first<Value>(
    _ statement: PostgresStatement, _ parameters: [PostgresValue], _ timeout: Duration?,
    _ decode: (PostgresRow) throws(PostgresError) -> Value
  ) async throws(StoreError) -> Value? {
    let result = try await database.ask(statement, parameters, timeout: timeout)
    return try reading { () throws(PostgresError) in try result.firstRow.map(decode) }
  }
}
