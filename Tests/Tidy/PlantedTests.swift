// Every rule against a planted violation and against what it must let pass: a checker that cannot
// fail is worth nothing.

import Testing

@Suite struct PlantedTests {
  private func file(_ body: String, _ path: String = "Sources/Booking/Plant.swift") -> SourceFile {
    SourceFile(path: path, text: "// A plant.\n" + body + "\n")
  }

  private func rules(_ body: String, _ path: String = "Sources/Booking/Plant.swift") -> [String] {
    Rules.all(file(body, path)).map(\.rule)
  }

  @Test(arguments: [
    ("let x = y!", "forced unwrap"),
    ("call(x!, 1)", "forced unwrap"),
    ("x[0]!.run()", "forced unwrap"),
    ("var x: String!", "forced unwrap"),
    ("try! run()", "forced try or cast"),
    ("let x = y as! Int", "forced try or cast"),
    ("Task { await run() }", "unstructured task: use loop.spawn"),
    ("Task.detached { }", "unstructured task: use loop.spawn"),
    ("_ = Task(priority: .high) { }", "unstructured task: use loop.spawn"),
    ("Task.immediate { }", "unstructured task: use loop.spawn"),
    ("import Foundation", "Foundation in a library"),
    ("internal import struct FoundationEssentials.Data", "Foundation in a library"),
    ("import Glibc", "the machine's clock in a sale"),
    ("let now = ContinuousClock.now", "the machine's clock in a sale"),
    ("// TODO: later", "unfinished work"),
    ("/* FIXME */", "unfinished work"),
    ("final class SeatManager {}", "empty name"),
    ("enum StringUtils {}", "empty name"),
    ("// Copyright (c) somebody", "licence header"),
    ("// SPDX-License-Identifier: X", "licence header"),
    ("final class A: @unchecked Sendable {}", "unsafe code above the ground floors"),
    ("nonisolated(unsafe) var x = 1", "unsafe code above the ground floors"),
  ])
  func aPlantIsFound(_ body: String, _ rule: String) {
    #expect(rules(body) == [rule])
  }

  @Test(arguments: [
    #"let x = "try! TODO Task { } y! as! import Foundation""#,
    #"let x = "\(y ?? "a!") Task { }""#,
    ##"let x = #"a " Task { } \(y) "#"##,
    "let x = \"\"\"\n  Task { } y!\n  \"\"\"",
    "// use try! and Task { } never; x! is refused",
    "/* outer /* Task { } */ y! */",
    "let isOther = a != b", "if !flag {}", "let x = !flag && !other", "x = y as? Int",
    "let task: Task<Void, Never> = loop.spawn {}", "if Task.isCancelled {}",
    "struct Manager2D {}", "let todo = 1", "let time = DatabaseClock()",
  ])
  func theInnocentPass(_ body: String) {
    #expect(rules(body) == [])
  }

  @Test func safetyLinesAreLookedForNearBy() {
    let mark = "final class A: @unchecked Sendable {}"
    let path = "Sources/Reactor/Plant.swift"
    #expect(rules(mark, path) == ["no SAFETY line"])
    #expect(rules("// SAFETY: a lock.\n" + mark, path) == [])
    #expect(rules(mark + "\n// SAFETY: a lock.", path) == [])
    #expect(rules("// SAFETY: a lock." + String(repeating: "\n", count: 9) + mark, path) != [])
    let far = String(repeating: "\n", count: 9) + "unsafeBitCast(a, to: B)\n}"
    #expect(rules("func f() {\n// SAFETY: of one size." + far, path) == [])
    #expect(rules("// SAFETY: of one size.\nfunc f() {" + far, path) == ["no SAFETY line"])
    #expect(rules("let x = \"// SAFETY: no\"\n" + mark, path) == ["no SAFETY line"])
    for other in [
      "unowned(unsafe) let x: A", "Unmanaged.passRetained(a)", "unsafeBitCast(a, to: B)",
    ] {
      #expect(rules(other, path) == ["no SAFETY line"])
    }
  }

  @Test func longFilesAndFunctionsAreFound() {
    let lines = String(repeating: "\n  run()", count: 68)
    #expect(rules("func f() {\(lines)\n}") == [])
    #expect(rules("func f() {\(lines)\n  run()\n}") == ["function of 71 lines"])
    #expect(rules("  init(\n    a: Int\n  ) {\(lines)\n}") == ["function of 72 lines"])
    #expect(rules(String(repeating: "//\n", count: 599)) == ["file of 601 lines"])
    #expect(rules(String(repeating: "//\n", count: 598)) == [])
  }

  @Test func functionsAreMeasured() {
    let text = SwiftText(
      """
      protocol P {
        func a() async throws
        func b<T>(_ x: T) -> Int where T: P
        init(x: Int)
        var c: Int { get }
      }
      struct S {
        func d() -> Int { 1 }
        func e(
          _ run: () -> Void = { },
          x: [Int] = []
        ) async {
          func f() {
            if true { "}" }
          }
        }
        init?(y: Int) {
          self.y = y
        }
        deinit { close() }
        subscript(i: Int) -> Int {
          i
        }
      }
      """)
    #expect(
      text.functions() == [
        SwiftFunction(line: 8, lineCount: 1), SwiftFunction(line: 9, lineCount: 8),
        SwiftFunction(line: 13, lineCount: 3), SwiftFunction(line: 17, lineCount: 3),
        SwiftFunction(line: 20, lineCount: 1), SwiftFunction(line: 21, lineCount: 3),
      ])
  }

  @Test(arguments: [
    ("Sources/X/A.swift", "import A\n"), ("Sources/X/a.sql", "select 1\n"),
    ("Protos/x/a.proto", "syntax\n"), ("Scripts/run", "#!/bin/bash\nset -e\n"),
    ("Tests/a.py", "import os\n"),
  ])
  func filesOpenWithAComment(_ path: String, _ text: String) {
    #expect(Rules.opening(SourceFile(path: path, text: text)).map(\.rule) == ["no opening comment"])
  }

  @Test func machinePathsAreFound() {
    for folder in ["home", "Users", "work", "root"] {
      #expect(rules("let x = \"/\(folder)/me\"") == ["machine's path"])
    }
    #expect(rules("let x = \"network/working\"") == [])
  }

  @Test func importsAreComparedWithTheTable() {
    let path = "Sources/HTTP2/Plant.swift"
    let bad = Floors.imports(file("import Bytes\ninternal import Reactor\nimport CNghttp2", path))
    #expect(bad.map(\.description) == ["\(path):3: HTTP2 may not import Reactor"])
    #expect(Floors.imports(file("import class RPC.X", path)).count == 1)
    #expect(Floors.imports(file("// import RPC\nimport Glibc", path)) == [])
    #expect(Floors.imports(file("", "Sources/Attic/A.swift")).count == 1)
    #expect(Floors.imports(file("import Foundation", "Sources/usherd/A.swift")) == [])
  }

  @Test func testsThatAreNotThereAreFound() {
    let names = NamedTests.names(in: [
      SourceFile(path: "Tests/A/ATests.swift", text: "struct ATests {\n  @Test func holds() {}\n}"),
      SourceFile(path: "Tests/test_a.py", text: "def test_it(a):\n"),
    ])
    func missing(_ row: String) -> [String] {
      NamedTests.missing(in: SourceFile(path: "T.md", text: row), among: names).map(\.rule)
    }
    #expect(
      missing("| `gone` | `ATests/holds`, `ATests.holds`, `holds`, `test_a.py::test_it` |") == [])
    #expect(missing("| rule | `test_a.py`, `…cut…` |\n`not in a table`") == [])
    #expect(missing("| rule | `ATests/held`, `BTests.holds` |").count == 2)
    #expect(missing("| rule | `test_b.py`; `test_a.py::test_them` |").count == 2)
    #expect(missing("| rule | the words of `held` |") == ["no test held"])
  }

  @Test func floorsAreOrdered() {
    let low = Floor(number: 1, target: "Low", imports: ["High"])
    let high = Floor(number: 2, target: "High", imports: [])
    #expect(Floors.order([low, high]).map(\.rule) == ["Low stands below High"])
    #expect(
      Floors.order([high, low]).map(\.rule) == ["Low is out of order"],
      "a lower floor after a higher one")
  }

  @Test func theManifestIsRead() {
    let text = """
      let package = Package(targets: [
        floor("A"),
        floor("B", ["A", .product(name: "DequeModule", package: "swift-collections")], sql: true),
        .executableTarget(
          name: "c", dependencies: ["B"], path: "Sources/c", plugins: ["D"]),
        .target(name: "Support", dependencies: ["A"], path: "Tests/Support"),
        .plugin(name: "D", capability: .buildTool(), dependencies: ["c"], path: "x"),
      ])
      """
    #expect(
      Manifest.targets(text) == [
        ManifestTarget(name: "A", dependencies: []),
        ManifestTarget(name: "B", dependencies: ["A", "DequeModule"]),
        ManifestTarget(name: "c", dependencies: ["B"]),
        ManifestTarget(name: "D", dependencies: ["c"]),
      ])
  }
}
