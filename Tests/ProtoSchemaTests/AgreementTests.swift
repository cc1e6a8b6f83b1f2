// Random variants of good files: whatever we accept, protoc must accept too and describe with the
// same bytes. Seeded, so that a failure can be repeated.

import Foundation
import ProtoSchema
import Testing

struct AgreementTests {
  @Test("accepted variants have protoc's descriptors", arguments: 0..<8)
  func variants(seed: Int) throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "usher-variants-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var random = SplitMix(state: UInt64(seed))
    let files = Corpus.good.filter { $0.text.count < 3000 && !$0.path.contains("/") }
    for _ in 0..<40 {
      let file = files[random.below(files.count)]
      let variant = SourceFile(path: "variant.proto", text: random.variant(of: file.text))
      let outcome = compile(
        Corpus.good.filter { $0.path.hasPrefix("imports/") } + Corpus.library + [variant],
        roots: [variant.path])
      guard let schema = outcome.schema else { continue }
      try Data(variant.text).write(to: folder.appending(path: variant.path))
      let reference = try Protoc.descriptorSet(
        of: variant.path,
        in: [folder, Corpus.folder.appending(path: "good"), Corpus.protos])
      let text = String(decoding: variant.text, as: UTF8.self)
      #expect(reference.status == 0, "\(reference.messages)\n\(text)")
      #expect(schema.descriptorSet == reference.output, "\(text)")
    }
  }
}

extension SplitMix {
  /// The text with one to three of its words replaced by others of its words, or of its numbers by
  /// interesting numbers.
  fileprivate mutating func variant(of text: [UInt8]) -> [UInt8] {
    let numbers = ["0", "1", "2", "15", "18999", "19000", "536870911", "536870912", "0x7", "017"]
    var words = Self.words(of: text)
    for _ in 0...below(3) {
      let places = words.indices.filter { words[$0].first?.isName == true }
      guard !places.isEmpty else { break }
      let place = places[below(places.count)]
      words[place] =
        words[place].first?.isDigit == true && below(2) == 0
        ? Array(numbers[below(numbers.count)].utf8) : words[places[below(places.count)]]
    }
    return Array(words.joined())
  }

  /// Runs of name characters, and everything between them.
  private static func words(of text: [UInt8]) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var wasName: Bool?
    for byte in text {
      if byte.isName == wasName {
        words[words.count - 1].append(byte)
      } else {
        words.append([byte])
      }
      wasName = byte.isName
    }
    return words
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
  fileprivate var isName: Bool {
    isDigit || (0x61...0x7a).contains(self) || (0x41...0x5a).contains(self) || self == 0x5f
  }
}
