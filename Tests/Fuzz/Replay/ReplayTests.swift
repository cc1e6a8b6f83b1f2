// Every input that the fuzzers keep is played again: no sanitizer, no coverage, a second's work.

import Foundation
import FuzzTargets
import Testing

@Suite struct ReplayTests {
  static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Corpus")

  private func inputs(_ target: String) throws -> [[UInt8]] {
    let folder = Self.corpus.appending(path: target)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted().map {
      Array(try Data(contentsOf: folder.appending(path: $0)))
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func everyInputEndsWell(target: FuzzTarget) throws {
    let inputs = try inputs(target.rawValue)
    #expect(!inputs.isEmpty)
    target.run([])
    for input in inputs { target.run(input) }
  }
}
