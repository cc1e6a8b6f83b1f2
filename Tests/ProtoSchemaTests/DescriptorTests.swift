// What the compiler accepts must come out byte for byte as protoc writes it.

import Foundation
import ProtoSchema
import Testing

struct DescriptorTests {
  @Test("good files give protoc's descriptors", arguments: Corpus.good.map(\.path))
  func goodFile(path: String) throws {
    try compare(path, among: Corpus.good + Corpus.library, in: "good")
  }

  @Test("our own files give protoc's descriptors", arguments: Corpus.library.map(\.path))
  func libraryFile(path: String) throws {
    try compare(path, among: Corpus.library, in: "good")
  }

  private func compare(_ path: String, among sources: [SourceFile], in folder: String) throws {
    let outcome = compile(sources, roots: [path])
    let errors = outcome.diagnostics.filter { $0.severity == .error }
    #expect(errors.isEmpty, "\(errors.map { $0.rendered() }.joined())")
    let reference = try Protoc.descriptorSet(
      of: path, in: [Corpus.folder.appending(path: folder), Corpus.protos])
    #expect(reference.status == 0, "\(reference.messages)")
    let schema = try #require(outcome.schema)
    #expect(schema.descriptorSet == reference.output)
  }
}
