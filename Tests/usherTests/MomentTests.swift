// Moments on a command line: exact ones, and no days.

import ArgumentParser
import Testing
import UsherProtos

@testable import usher

@Suite struct MomentTests {
  @Test(arguments: [
    ("2027-03-28T12:00:00Z", Int64(1_806_235_200)), ("2027-03-28T14:00:00+02:00", 1_806_235_200),
  ])
  func moments(_ text: String, _ seconds: Int64) throws {
    #expect(try Moment(text).timestamp.seconds == seconds)
  }

  @Test(arguments: ["", "soon", "2027-03-28", "2027-03-28T12:00:00", "2027-02-29T12:00:00Z", "\""])
  func noMoments(_ text: String) { #expect(throws: ValidationError.self) { try Moment(text) } }

  @Test func aDayBeginsElsewhereAtAnotherTime() throws {
    let span = [
      "--whole-from", "2027-03-28", "--whole-until", "2027-04-04T00:00:00Z", "--withdraw",
    ]
    let error = #expect(throws: (any Error).self) {
      try UsherCommand.parseAsRoot(["partner", "schedule", "upload", "1", "week.csv"] + span)
    }
    let text = UsherCommand.message(for: try #require(error))
    #expect(text.contains("write 2027-03-28T00:00:00 and the theatre's offset"))
  }
}
