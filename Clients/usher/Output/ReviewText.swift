// Reviews and threads as people read them.

import ProtoWire
import UsherProtos

enum ReviewText {
  static func lines(_ review: Usher.V1.Review?, _ style: Style) -> [String] {
    guard let review else { return [] }
    let hidden = review.hidden ? ", hidden by an operator" : ""
    let words = review.text.split(separator: "\n").map { "  " + style.clean(String($0)) }
    return [
      style.paint("Review \(review.reviewId) of movie \(review.movieId)", .strong)
        + ": \(review.rating) of 10\(hidden)"
    ] + words
  }

  static let reviews: [Column<Usher.V1.Review>] = [
    .number("REVIEW", "review_id") { $0.reviewId },
    .number("RATING", "rating") { $0.rating },
    .seen("BY", mayShrink: true) { author($0.authorName) },
    .data("author") { $0.authorName },
    .data("created_at") { CSVText.time($0.createdAt) },
    .number("COMMENTS", "comments") { $0.commentCount },
    .seen("TEXT", mayShrink: true) { line($0.text) },
    .data("text") { $0.text },
  ]

  static let thread: [Column<Usher.V1.Comment>] = [
    .number("COMMENT", "comment_id") { $0.commentId },
    .seen("REPLIES TO", toRight: true) { CSVText.id($0.parentCommentId) },
    .data("replies_to") { CSVText.id($0.parentCommentId) },
    .seen("BY", mayShrink: true) { $0.removed ? "" : author($0.authorName) },
    .data("author") { $0.authorName },
    .data("created_at") { CSVText.time($0.createdAt) },
    .data("removed") { "\($0.removed)" },
    .seen("TEXT", mayShrink: true) { $0.removed ? "(removed)" : line($0.text) },
    .data("text") { $0.text },
  ]

  static let reports: [Column<Usher.Admin.V1.ContentReport>] = [
    .word("WHAT", "what") { said($0).what },
    .number("REPORTS", "reports") { $0.reportCount },
    .seen("WHY") { objections($0).joined(separator: ", ") },
    .data("why") { objections($0).joined(separator: ";") },
    .seen("BY", mayShrink: true) { author(said($0).author) },
    .data("author") { said($0).author },
    .seen("TEXT", mayShrink: true) { line(said($0).text) },
    .data("text") { said($0).text },
  ]

  private static func said(
    _ report: Usher.Admin.V1.ContentReport
  ) -> (what: String, author: String, text: String) {
    switch report.content {
    case .review(let review): ("review \(review.reviewId)", review.authorName, review.text)
    case .comment(let said): ("comment \(said.commentId)", said.authorName, said.text)
    case nil: ("", "", "")
    }
  }

  private static func objections(_ report: Usher.Admin.V1.ContentReport) -> [String] {
    report.objections.map { objection in
      (objection.protoValueName ?? "").replacing("CONTENT_OBJECTION_", with: "")
        .lowercased().replacing("_", with: " ")
    }
  }

  private static func author(_ name: String) -> String { name.isEmpty ? "a customer" : name }

  /// A table has one line for each.
  private static func line(_ text: String) -> String { text.replacing("\n", with: " ") }
}
