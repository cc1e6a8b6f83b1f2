// usher.v1.ReviewService: what customers say of movies. Whoever writes is told here at once, on
// whichever loop, what it wrote.

import Booking
import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct ReviewService: Usher.V1.ReviewServiceServer {
  private let parts: PerLoop<NodeParts>
  private let failures: StoreFailures

  package init(_ parts: PerLoop<NodeParts>, logger: Logger) {
    self.parts = parts
    failures = StoreFailures(logger: logger)
  }

  /// Makes `router`, which has the service, answer from memory what is there, without a task.
  package func answerFromMemory(in router: inout Router) {
    router.remember(Usher.V1.ReviewServiceMethods.listReviews, parts, listReviews) { request in
      .init([.reviews(request.movieId)])
    }
  }

  // MARK: Reviews

  package func putReview(
    _ request: Usher.V1.PutReviewRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.PutReviewResponse {
    let own = try context.ownAccount()
    let rating = try ReviewWishes.check(request)
    let review = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.put(
        rating, request.text, of: request.movieId, by: own.accountID, timeout: timeout)
    }
    guard let review else { throw .noMovie(request.movieId) }
    parts.noteOwn(CatalogueChange(.reviews, movieID: request.movieId))
    return .init(review: .init(review))
  }

  package func getOwnReview(
    _ request: Usher.V1.GetOwnReviewRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetOwnReviewResponse {
    let own = try context.ownAccount()
    let review = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.review(of: request.movieId, by: own.accountID, timeout: timeout)
    }
    guard let review else { throw Self.noReview(of: request.movieId) }
    return .init(review: .init(review))
  }

  package func deleteReview(
    _ request: Usher.V1.DeleteReviewRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.DeleteReviewResponse {
    let own = try context.ownAccount()
    let isDone = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.delete(of: request.movieId, by: own.accountID, timeout: timeout)
    }
    guard isDone else { throw Self.noReview(of: request.movieId) }
    parts.noteOwn(CatalogueChange(.reviews, movieID: request.movieId))
    return .init()
  }

  package func listReviews(
    _ request: Usher.V1.ListReviewsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListReviewsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.reviews(
        of: request.movieId, pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    return .init(reviews: page.items.map { .init($0) }, nextPageToken: page.nextPageToken)
  }

  // MARK: Threads

  package func addComment(
    _ request: Usher.V1.AddCommentRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.AddCommentResponse {
    let own = try context.ownAccount()
    let requestID = try ReviewWishes.check(request)
    let outcome = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.comment(
        request.text, on: request.reviewId, replyingTo: request.parentCommentId,
        by: own.accountID, request: requestID, timeout: timeout)
    }
    switch outcome {
    case .said(let comment): return .init(comment: .init(comment))
    case .reviewNotFound: throw .noContent(.review(request.reviewId))
    case .parentNotFound: throw .noContent(.comment(request.parentCommentId))
    case .threadFull:
      throw .refusal(
        .threadFull, "The thread is as long as it may be.",
        metadata: ["review": String(request.reviewId)])
    case .requestIDReused: throw .requestIDReused
    }
  }

  package func deleteComment(
    _ request: Usher.V1.DeleteCommentRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.DeleteCommentResponse {
    let own = try context.ownAccount()
    let isDone = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.deleteComment(
        id: request.commentId, by: own.accountID, timeout: timeout)
    }
    guard isDone else { throw .noContent(.comment(request.commentId)) }
    return .init()
  }

  package func listComments(
    _ request: Usher.V1.ListCommentsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ListCommentsResponse {
    let size = try OperatorWishes.pageSize(request.pageSize)
    let page = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.comments(
        on: request.reviewId, pageSize: size, pageToken: request.pageToken, timeout: timeout)
    }
    guard let page else { throw .noContent(.review(request.reviewId)) }
    return .init(comments: page.items.map { .init($0) }, nextPageToken: page.nextPageToken)
  }

  package func reportContent(
    _ request: Usher.V1.ReportContentRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.ReportContentResponse {
    let own = try context.ownAccount()
    let (content, objection) = try ReviewWishes.report(request)
    let isNoted = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.report(content, objection, by: own.accountID, timeout: timeout)
    }
    guard isNoted else { throw .noContent(content) }
    return .init()
  }

  // MARK: Shared

  private func ask<Answer>(
    _ context: ServerContext,
    _ body: (ReviewStore, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let store = parts[context.loop].reviews
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, timeout)
    }
  }

  private static func noReview(of movieID: Int64) -> RPCError {
    .refusal(
      .reviewNotFound, "The account has no review of this movie.",
      metadata: ["movie": String(movieID)])
  }
}
