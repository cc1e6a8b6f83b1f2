// `usher review`: what customers say of movies. Reading is like reading the catalogue; writing needs a
// customer's access token.

import ArgumentParser
import Foundation
import UsherProtos

struct Reviews: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review", abstract: "Reads and writes reviews of movies.",
    discussion: "Writing needs a customer's access token: 'usher account log-in'.",
    subcommands: [
      List.self, Put.self, Own.self, Delete.self, Thread.self, Comment.self, Uncomment.self,
      Report.self,
    ])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the reviews of a movie, newest first.")
    @Argument(help: "The movie's id or title.") var movie: String
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        let movieId = try await session.movieId(movie)
        try await list.print(
          "reviews", ReviewText.reviews, session, Usher.V1.ListReviewsRequest(movieId: movieId),
          session.reviews.listReviews)
      }
    }
  }

  struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rates a movie; a later rating replaces an earlier one.")
    @Argument(help: "The movie's id or title.") var movie: String
    @Argument(help: "1 to 10, 10 the best.") var rating: Int32
    @Option(help: "What you think, in words.") var text = ""
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.PutReviewRequest(
          movieId: try await session.movieId(movie), rating: rating, text: text)
        let answer = try await session.act(request, session.reviews.putReview)
        try session.output.print(
          answer, lines: ReviewText.lines(answer.review, session.output.style))
      }
    }
  }

  struct Own: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows your own review of a movie.")
    @Argument(help: "The movie's id or title.") var movie: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.GetOwnReviewRequest(movieId: try await session.movieId(movie))
        let answer = try await session.read(request, session.reviews.getOwnReview)
        try session.output.print(
          answer, lines: ReviewText.lines(answer.review, session.output.style))
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes back your own review, with the thread under it.")
    @Argument(help: "The movie's id or title.") var movie: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let request = Usher.V1.DeleteReviewRequest(movieId: try await session.movieId(movie))
        let answer = try await session.act(request, session.reviews.deleteReview)
        try session.output.print(answer, lines: ["The review is gone."])
      }
    }
  }
}

// MARK: Threads

extension Reviews {
  struct Thread: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the comments under a review, replies behind what they reply to.")
    @Argument(help: "The review's id.") var review: Int64
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "comments", ReviewText.thread, session, Usher.V1.ListCommentsRequest(reviewId: review),
          session.reviews.listComments)
      }
    }
  }

  struct Comment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says something under a review, or replies to what was said there.")
    @Argument(help: "The review's id.") var review: Int64
    @Argument(help: "What to say.") var text: String
    @Option(help: ArgumentHelp("The comment to reply to.", valueName: "comment"))
    var reply: Int64 = 0
    @OptionGroup var request: RequestOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let wish = Usher.V1.AddCommentRequest(
        reviewId: review, parentCommentId: reply, text: text, requestId: request.id)
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.change(wish, session.reviews.addComment)
        try session.output.print(
          answer, lines: ["Comment \(answer.comment?.commentId ?? 0) under review \(review)."])
      }
    }
  }

  struct Uncomment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Takes back your own comment.")
    @Argument(help: "The comment's id.") var comment: Int64
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.act(.init(commentId: comment), session.reviews.deleteComment)
        try session.output.print(answer, lines: ["The comment is gone."])
      }
    }
  }

  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Asks the operators to look at a review or a comment.")
    @OptionGroup var content: ContentOptions
    @Argument(help: "Why.") var objection: ObjectionName
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let answer = try await session.act(
          .init(
            content: content.comment.map { .commentId($0) } ?? content.review.map { .reviewId($0) },
            objection: objection.value), session.reviews.reportContent)
        try session.output.print(answer, lines: ["It was noted."])
      }
    }
  }
}

/// A review or a comment.
struct ContentOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A review.", valueName: "id")) var review: Int64?
  @Option(help: ArgumentHelp("A comment.", valueName: "id")) var comment: Int64?

  mutating func validate() throws {
    guard (review == nil) != (comment == nil) else {
      throw ValidationError("--review or --comment: one of them must be given.")
    }
  }
}

/// Why something should not stand, as the command line names it.
enum ObjectionName: String, ExpressibleByArgument, CaseIterable {
  case spam, abuse, spoiler
  case personalData = "personal-data"
  case other

  var value: Usher.V1.ContentObjection {
    switch self {
    case .spam: .spam
    case .abuse: .abuse
    case .spoiler: .spoiler
    case .personalData: .personalData
    case .other: .other
    }
  }
}
