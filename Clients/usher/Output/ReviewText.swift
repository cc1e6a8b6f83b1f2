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

  static func reviews(_ reviews: [Usher.V1.Review], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "REVIEW", toRight: true), .init(title: "RATING", toRight: true),
        .init(title: "BY", mayShrink: true), .init(title: "COMMENTS", toRight: true),
        .init(title: "TEXT", mayShrink: true),
      ], style)
    for review in reviews {
      table.add([
        "\(review.reviewId)", "\(review.rating)", author(review.authorName),
        "\(review.commentCount)", line(review.text),
      ])
    }
    return table
  }

  static func thread(_ comments: [Usher.V1.Comment], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "COMMENT", toRight: true), .init(title: "REPLIES TO", toRight: true),
        .init(title: "BY", mayShrink: true), .init(title: "TEXT", mayShrink: true),
      ], style)
    for comment in comments {
      table.add([
        "\(comment.commentId)",
        comment.parentCommentId == 0 ? "" : "\(comment.parentCommentId)",
        comment.removed ? "" : author(comment.authorName),
        comment.removed ? "(removed)" : line(comment.text),
      ])
    }
    return table
  }

  static func reports(_ reports: [Usher.Admin.V1.ContentReport], _ style: Style) -> Table {
    var table = Table(
      [
        .init(title: "WHAT"), .init(title: "REPORTS", toRight: true), .init(title: "WHY"),
        .init(title: "BY", mayShrink: true), .init(title: "TEXT", mayShrink: true),
      ], style)
    for report in reports {
      let (what, by, text) =
        switch report.content {
        case .review(let review): ("review \(review.reviewId)", review.authorName, review.text)
        case .comment(let said): ("comment \(said.commentId)", said.authorName, said.text)
        case nil: ("", "", "")
        }
      let why = report.objections.map { objection in
        (objection.protoValueName ?? "").replacing("CONTENT_OBJECTION_", with: "")
          .lowercased().replacing("_", with: " ")
      }
      table.add([
        what, "\(report.reportCount)", why.joined(separator: ", "), author(by), line(text),
      ])
    }
    return table
  }

  private static func author(_ name: String) -> String { name.isEmpty ? "a customer" : name }

  /// A table has one line for each.
  private static func line(_ text: String) -> String { text.replacing("\n", with: " ") }
}
