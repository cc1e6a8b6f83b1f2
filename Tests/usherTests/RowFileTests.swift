// Files of rows: a line that is none is told by its number and stops no other.

import Foundation
import Testing
import UsherProtos

@testable import usher

@Suite struct RowFileTests {
  /// A file for as long as a test runs.
  private func withFile<R>(
    _ bytes: [UInt8], name: String = "week.csv", _ body: (String) throws -> R
  ) throws -> R {
    let folder = FileManager.default.temporaryDirectory.path + "/usher-rows-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    return try body("\(folder)/\(name)")
  }

  /// What a schedule's rows are: the reference or the fault, each with its line.
  private func rows(_ bytes: [UInt8], name: String = "week.csv") throws -> [String] {
    try withFile(bytes, name: name) { path in
      let file = try ScheduleFile(path, nil)
      var told: [String] = []
      while let next = try file.next() {
        switch next.row {
        case .success(let row): told.append("\(next.line) \(row.reference)")
        case .failure(let fault): told.append("\(next.line) \(fault.message)")
        }
      }
      return told
    }
  }

  private let tooLong = "the line is longer than 16 KiB"
  private let limit = 16 << 10

  @Test func aLineThatIsTooLongStopsNoOther() throws {
    for count in [limit + 1, 70_000, 200_000] {
      let long = String(repeating: "x", count: count)
      #expect(
        try rows([UInt8]("reference\none\n\(long)\ntwo\n\(long)".utf8)) == [
          "2 one", "3 \(tooLong)", "4 two", "5 \(tooLong)",
        ])
    }
    let longest = String(repeating: "x", count: limit)
    #expect(try rows([UInt8]("reference\n\(longest)\ntwo".utf8)) == ["2 \(longest)", "3 two"])
  }

  @Test func bytesThatAreNoUTF8AreAFaultOfTheirLine() throws {
    let bytes =
      [UInt8]("\u{feff}reference\r\none\r\nG".utf8) + [0xFC] + [UInt8]("nther\r\nGünther".utf8)
    #expect(try rows(bytes) == ["2 one", "3 the line is not UTF-8", "4 Günther"])
    // A character whose bytes come in two readings is whole.
    let filler = String(repeating: "x,\n", count: 5_000) + "\n"
    for shift in 0..<4 {
      let start = "reference\n" + String(repeating: " ", count: shift) + "\n"
      let text = start + filler + String(repeating: "ü\n", count: 20_000)
      let told = try rows([UInt8](text.utf8))
      #expect(told.count == 25_000 && told.last?.hasSuffix(" ü") == true)
      #expect(!told.contains { $0.contains("UTF-8") })
    }
  }

  @Test func linesOfJSONHaveTheirFaultsToo() throws {
    let bytes =
      [UInt8](#"{"reference":"one"}"#.utf8) + [0x0A, 0x22, 0xFF, 0x22, 0x0A]
      + [UInt8](String(repeating: "[", count: limit + 1).utf8) + [0x0A]
      + [UInt8](#"{"reference":"two"}"#.utf8)
    #expect(
      try rows(bytes, name: "week.jsonl") == [
        "1 one", "2 the line is not UTF-8", "3 \(tooLong)", "4 two",
      ])
  }

  @Test func withoutItsHeadingAFileSaysNothing() throws {
    for heading in [[UInt8](String(repeating: "x", count: limit + 1).utf8), [0xFF], [0x78]] {
      #expect(throws: Failure.self) { try rows(heading + [0x0A] + [UInt8]("one".utf8)) }
    }
  }
}
