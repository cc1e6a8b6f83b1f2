// The catalogue of refusals.

import Foundation
import RPC
import Testing

@testable import UsherServices

@Suite struct ErrorCatalogueTests {
  @Test func theDocumentIsWhatTheCodeSays() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Protos/ERRORS.md")
    let document = try String(contentsOf: file, encoding: .utf8)
    #expect(
      document == ErrorCatalogue.markdown, "print it anew: usherd errors > Protos/ERRORS.md")
  }

  @Test(arguments: Reason.allCases) func everyReasonIsExplained(_ reason: Reason) {
    // What no list has is told of as a failure of the server.
    #expect((reason.entry.code == .internal) == (reason == .internalError))
    for text in [reason.entry.meaning, reason.entry.advice] {
      #expect(text.hasSuffix(".") && !text.contains("|") && !text.contains("\n"))
    }
  }

  @Test func reasonsAreWrittenAsTheStandardHasThem() {
    // google.rpc.ErrorInfo: at most 63 characters of UPPER_SNAKE_CASE.
    for reason in Reason.allCases {
      #expect(reason.rawValue.count <= 63)
      #expect(reason.rawValue.wholeMatch(of: /[A-Z][A-Z0-9_]+[A-Z0-9]/) != nil)
    }
  }
}
