// What emitters read from a schema: cardinalities, presence, comments, recursion, names, options.

import ProtoSchema
import Testing

struct SchemaTests {
  @Test("cardinality and presence of every kind of field")
  func cardinalities() throws {
    let message = try message(
      """
      message M {
        int32 a = 1; optional int32 b = 2; M c = 3; optional M d = 4; repeated int32 e = 5;
        repeated int32 f = 6 [packed = false]; repeated string g = 7; repeated E h = 8;
        map<string, M> i = 9; oneof o { int32 j = 10; M k = 11; } E l = 12;
      }
      enum E { E_UNSPECIFIED = 0; }
      """)
    #expect(
      message.fields.map(\.cardinality) == [
        .implicit, .optional, .optional, .optional, .repeated(isPacked: true),
        .repeated(isPacked: false), .repeated(isPacked: false), .repeated(isPacked: true),
        .map(key: .string, value: .message("p.M")), .optional, .optional, .implicit,
      ])
    #expect(message.fields.compactMap(\.oneofIndex) == [0, 0])
    #expect(message.fields.filter(\.isProto3Optional).map(\.name) == ["b", "d"])
    #expect(message.oneofs.map(\.name) == ["o"])
    #expect(message.fields[8].type == .message("p.M.IEntry"))
    #expect(message.fields[11].type == .enumeration("p.E"))
    #expect(message.messages.map(\.isMapEntry) == [true])
  }

  @Test("only singular message fields on a cycle are recursive")
  func recursion() throws {
    let schema = try schema(
      """
      message Tree { Tree left = 1; repeated Tree all = 2; map<string, Tree> named = 3; Leaf leaf = 4; }
      message Leaf {}
      message A { B b = 1; message Inner { A a = 1; } }
      message B { oneof o { C c = 1; Leaf leaf = 2; } }
      message C { A.Inner inner = 1; D d = 2; }
      message D { E e = 1; repeated A a = 2; }
      message E { D d = 1; }
      """)
    let recursive = ["Tree", "Leaf", "A", "A.Inner", "B", "C", "D", "E"].map { name in
      schema.message(named: "p.\(name)")?.fields.filter(\.isRecursive).map(\.name)
    }
    #expect(recursive == [["left"], [], ["b"], ["a"], ["c"], ["inner"], ["e"], ["d"]])
  }

  @Test("a chain of messages that is long needs no deep stack")
  func longChain() throws {
    var text = ""
    for index in 0..<5000 { text += "message M\(index) { M\((index + 1) % 5000) next = 1; }\n" }
    let schema = try schema(text)
    #expect(schema.message(named: "p.M4999")?.fields.first?.isRecursive == true)
  }

  @Test("comments become documentation")
  func comments() throws {
    let outcome = compile([
      SourceFile(
        path: "a.proto",
        text: Array(
          """
          // About the file.
          syntax = "proto3";

          // Detached: an empty line follows.

          // First line.
          // Second line.
          //
          //   Indented.
          message M {  // Opens here.
            /* One line. */
            int32 a = 1;  // Behind a.
            // Above b.
            int32 b = 2;
            /**
             * Starred
             *   block.
             */
            optional int32 c = 3; /* Behind c. */
            int32 d = 4;

            // Belongs to nothing.
          }

          // The enum.
          enum E {
            // Zero.
            E_UNSPECIFIED = 0;
          }

          // The service.
          service S {
            // The method.
            rpc Get(M) returns (M);
          }
          """.utf8))
    ])
    let file = try #require(outcome.schema?.files.first)
    #expect(file.comment.leading == "About the file.")
    let message = try #require(file.messages.first)
    #expect(
      message.comment
        == Comment(
          leading: "First line.\nSecond line.\n\n  Indented.", trailing: "Opens here."))
    #expect(
      message.fields.map(\.comment) == [
        Comment(leading: "One line.", trailing: "Behind a."),
        Comment(leading: "Above b.", trailing: ""),
        Comment(leading: "Starred\n  block.", trailing: "Behind c."),
        .none,
      ])
    #expect(file.enums.first?.comment.leading == "The enum.")
    #expect(file.enums.first?.values.first?.comment.leading == "Zero.")
    #expect(file.services.first?.comment.leading == "The service.")
    #expect(file.services.first?.methods.first?.comment.leading == "The method.")
  }

  @Test("options by name, streaming and idempotency of methods")
  func methods() throws {
    let schema = try schema(
      """
      message M { option deprecated = true; }
      service S {
        rpc A(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
        rpc B(stream M) returns (M) { option idempotency_level = IDEMPOTENT; }
        rpc C(M) returns (stream M) { option deprecated = true; }
      }
      """)
    let methods = try #require(schema.files.first?.services.first?.methods)
    #expect(methods.map(\.idempotency) == [.noSideEffects, .idempotent, .unknown])
    #expect(methods.map(\.clientStreaming) == [false, true, false])
    #expect(methods.map(\.serverStreaming) == [false, false, true])
    #expect(methods.map(\.options.isDeprecated) == [false, false, true])
    #expect(methods.map(\.input) == ["p.M", "p.M", "p.M"])
    #expect(schema.message(named: "p.M")?.options.isDeprecated == true)
    #expect(schema.message(named: "p.N") == nil)
  }

  @Test("files come after what they import, and only those that are wanted")
  func order() throws {
    let outcome = compile(Corpus.good + Corpus.library, roots: ["imports_diamond.proto"])
    let schema = try #require(outcome.schema)
    #expect(
      schema.files.map(\.name) == [
        "imports/base.proto", "google/protobuf/any.proto", "imports/deep.proto",
        "google/protobuf/duration.proto", "imports_diamond.proto",
      ])
    #expect(schema.files[2].imports.map(\.isPublic) == [false, true])
  }

  @Test("all of the project's schemas compile without a warning")
  func library() {
    let outcome = compile(Corpus.library)
    #expect(outcome.diagnostics.map { $0.rendered() } == [])
    #expect(outcome.schema?.files.count == Corpus.library.count)
  }

  @Test("a rendered diagnostic keeps tabs, so that its caret stands right")
  func rendering() {
    let outcome = compile([
      SourceFile(path: "t.proto", text: Array("syntax = \"proto3\";\n\tmessage\t1;\n".utf8))
    ])
    #expect(
      outcome.diagnostics.map { $0.rendered() } == [
        "t.proto:2:10: error: expected the message's name, found `1`\n"
          + "  \tmessage\t1;\n  \t       \t^\n"
      ])
  }

  private func schema(_ text: String) throws -> Schema {
    let source = "syntax = \"proto3\";\npackage p;\n\(text)"
    let outcome = compile([SourceFile(path: "p.proto", text: Array(source.utf8))])
    return try #require(
      outcome.schema, "\(outcome.diagnostics.map { $0.rendered() }.joined())")
  }

  private func message(_ text: String) throws -> Message {
    try #require(try schema(text).message(named: "p.M"))
  }
}
