// The rules over the repository itself.

import Foundation
import Testing

@Suite struct TidyTests {
  @Test func everyFileKeepsTheRules() throws {
    let files = try SourceTree.files()
    #expect(files.count > 100, "the tree was not found")
    let violations = files.flatMap(Rules.all)
    #expect(violations.isEmpty, "\(list(violations))")
  }

  @Test func importsFollowTheFloors() throws {
    let files = try SourceTree.productFiles()
    let violations = files.flatMap { Floors.imports($0) } + Floors.order()
    #expect(violations.isEmpty, "\(list(violations))")
  }

  @Test func theManifestSaysTheSame() throws {
    let url = SourceTree.root.appending(path: "Package.swift")
    let declared = Manifest.targets(try String(contentsOf: url, encoding: .utf8))
    #expect(Set(declared.map(\.name)) == Set(Floors.table.map(\.target)))
    for target in declared {
      let floor = Floors.table.first { $0.target == target.name }
      #expect(floor?.imports == target.dependencies, "\(target.name)")
    }
  }

  @Test func sourcesAreSmall() throws {
    let files = try SourceTree.productFiles()
    let fileLines = files.map(\.lineCount).sorted()
    let functionLines = files.flatMap { $0.swift?.functions() ?? [] }.map(\.lineCount).sorted()
    let fileMedian = fileLines[fileLines.count / 2]
    let functionMedian = functionLines[functionLines.count / 2]
    print(
      """
      tidy: \(files.count) files, median \(fileMedian) lines, longest \(fileLines.last ?? 0); \
      \(functionLines.count) functions, median \(functionMedian), longest \(functionLines.last ?? 0)
      """)
    #expect(fileMedian <= 250)
    #expect(functionMedian <= 12)
  }

  @Test func everyTestThatATableNamesIsThere() throws {
    let files = try SourceTree.files()
    let table = try #require(files.first { $0.path == "Tests/README.md" })
    let violations = NamedTests.missing(in: table, among: NamedTests.names(in: files))
    #expect(violations.isEmpty, "\(list(violations))")
  }

  private func list(_ violations: [Violation]) -> String {
    violations.map(\.description).joined(separator: "\n")
  }
}
