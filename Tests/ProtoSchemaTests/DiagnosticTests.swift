// What the compiler refuses, and in which words. `USHER_REFRESH_CORPUS=1` rewrites the expectations.

import Foundation
import ProtoSchema
import Testing

struct DiagnosticTests {
  static let roots = Corpus.bad.map(\.path).filter { !$0.hasPrefix("imports/") }

  /// Files that protoc accepts and we refuse, by name: other languages than proto3, and mistakes
  /// that it overlooks.
  static let refusedByUsOnly: [String: String] = [
    "file_empty.proto": "an empty file is proto2",
    "file_no_syntax.proto": "a file without syntax is proto2",
    "file_proto2.proto": "proto2",
    "import_descriptor.proto": "custom options are not supported",
    "import_proto2.proto": "proto2",
    "import_weak.proto": "weak imports",
    "lex_long_name.proto": "a limit of ours",
    "lex_long_string.proto": "a limit of ours",
    "lex_not_utf8.proto": "protoc does not look into comments",
    "name_json_takes_default.proto": "the JSON form would be ambiguous; later protocs refuse it",
    "name_too_long.proto": "a limit of ours",
    "option_not_utf8.proto": "protoc writes a descriptor that nobody can read",
  ]

  @Test("bad files are refused in the expected words", arguments: roots)
  func badFile(path: String) throws {
    let outcome = compile(Corpus.bad + Corpus.library, roots: [path])
    #expect(outcome.schema == nil)
    let text = outcome.diagnostics.map { $0.rendered() }.joined(separator: "\n")
    let file = Corpus.folder.appending(path: "bad").appending(path: path)
      .deletingPathExtension().appendingPathExtension("expected")
    if Corpus.isRefreshing {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected)
  }

  @Test("protoc refuses them too", arguments: roots)
  func protocRefuses(path: String) throws {
    let result = try Protoc.descriptorSet(
      of: path, in: [Corpus.folder.appending(path: "bad"), Corpus.protos])
    let isKnown = Self.refusedByUsOnly[path] != nil
    #expect((result.status == 0) == isKnown, "\(result.messages)")
  }

  @Test("a path that is not among the sources is an error, not a crash")
  func missingRoot() {
    let outcome = compile([], roots: ["nowhere.proto"])
    #expect(
      outcome.diagnostics.map { $0.rendered() } == [
        "nowhere.proto:1:1: error: there is no such file among the sources\n"
      ])
  }

  @Test("a file over the limit is refused unread")
  func largeFile() {
    let text = Array(repeating: UInt8(ascii: " "), count: (1 << 20) + 1)
    let outcome = compile([SourceFile(path: "large.proto", text: text)])
    #expect(outcome.schema == nil)
    #expect(
      outcome.diagnostics.map(\.message) == ["the file has 1048577 bytes, the limit is 1048576"])
  }

  @Test("the number of files is bounded")
  func manyFiles() {
    let file = SourceFile(path: "a.proto", text: Array("syntax = \"proto3\";".utf8))
    let outcome = compile(Array(repeating: file, count: 4097))
    #expect(outcome.schema == nil)
  }

  @Test("warnings do not make a schema unusable")
  func warnings() {
    let outcome = compile(Corpus.good + Corpus.library, roots: ["imports_unused.proto"])
    #expect(outcome.schema != nil)
    #expect(
      outcome.diagnostics.map { $0.rendered() } == [
        """
        imports_unused.proto:3:8: warning: the import `google/protobuf/any.proto` is not used
          import "google/protobuf/any.proto";
                 ^~~~~~~~~~~~~~~~~~~~~~~~~~~
          hint: remove the line

        """
      ])
  }
}
