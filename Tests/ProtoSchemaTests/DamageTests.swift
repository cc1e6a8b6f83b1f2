// Damaged input: whatever the bytes, the compiler ends, says something or accepts, and never traps.

import ProtoSchema
import Testing

struct DamageTests {
  static let files = Corpus.good + Corpus.bad

  @Test("every file cut short at every byte", arguments: files.indices)
  func truncated(index: Int) {
    let file = Self.files[index]
    // The few large files are large by repetition: there a sample of the cuts is enough.
    let step = file.text.count <= 3000 ? 1 : 101
    for count in stride(from: 0, to: file.text.count, by: step) {
      check(SourceFile(path: file.path, text: Array(file.text[..<count])))
    }
  }

  @Test(
    "every file with random bytes changed, inserted, removed and moved", arguments: files.indices)
  func mutated(index: Int) {
    let file = Self.files[index]
    var random = SplitMix(state: UInt64(index) &+ 20_240_601)
    for _ in 0..<60 {
      var text = file.text
      for _ in 0...random.below(4) { random.damage(&text) }
      check(SourceFile(path: file.path, text: text))
    }
  }

  @Test("random tokens in random order")
  func randomTokens() {
    let words = [
      "message", "enum", "service", "rpc", "returns", "oneof", "map", "<", ">", "{", "}", "(", ")",
      "[", "]", "=", ";", ",", ".", "-", "1", "0", "\"a\"", "option", "reserved", "to", "max",
      "import", "package", "optional", "repeated", "int32", "string", "M", "N", "extend", "stream",
      "group", "json_name", "packed", "true", "// c\n", "/* c */", "extensions", "0x", "'",
    ]
    for seed in 0..<2000 {
      var random = SplitMix(state: UInt64(seed))
      var text = "syntax = \"proto3\";"
      for _ in 0..<random.below(60) { text += " " + words[random.below(words.count)] }
      check(SourceFile(path: "random.proto", text: Array(text.utf8)))
    }
  }

  @Test("deep nesting and long lists end in a diagnostic")
  func extremes() {
    let opening = Array(repeating: "message M { ", count: 20_000).joined()
    let braces = String(repeating: "{", count: 100_000)
    let brackets = "message M { int32 a = 1 " + String(repeating: "[", count: 100_000)
    let dots = "package a" + String(repeating: ".a", count: 50_000) + ";"
    let imports = Array(repeating: "import 'a';", count: 20_000).joined()
    for text in [opening, braces, "option (a) = " + braces, brackets, dots, imports] {
      let source = SourceFile(path: "deep.proto", text: Array("syntax='proto3';\(text)".utf8))
      #expect(compile([source]).schema == nil)
    }
  }

  /// Compiles a file among its companions; the outcome must be consistent.
  private func check(_ file: SourceFile) {
    let companions = (file.path.hasPrefix("random") ? [] : Corpus.companions)
      .filter { $0.path != file.path }
    let outcome = compile(companions + [file], roots: [file.path])
    let hasError = outcome.diagnostics.contains { $0.severity == .error }
    #expect(hasError == (outcome.schema == nil))
    #expect(outcome.diagnostics.count <= 100)
  }
}

/// A small seeded generator, so that a failure can be repeated.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  mutating func damage(_ text: inout [UInt8]) {
    let place = below(text.count)
    switch below(5) {
    case 0 where !text.isEmpty: text[place] = UInt8(truncatingIfNeeded: next())
    case 1: text.insert(UInt8(truncatingIfNeeded: next()), at: place)
    case 2 where !text.isEmpty: text.remove(at: place)
    case 3: text.insert(Array("{}[]()<>=;,.\"'/*\\-0".utf8)[below(19)], at: place)
    default:
      let end = min(text.count, place + below(40))
      let piece = Array(text[place..<end])
      text.insert(contentsOf: piece, at: below(text.count))
    }
  }
}
