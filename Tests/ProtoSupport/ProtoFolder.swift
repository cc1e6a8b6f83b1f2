// Folders of .proto files, compiled in the test itself: what a test generates from a schema must not
// come out of the generated code that it tests.

package import ProtoSchema
import Foundation

/// A folder of .proto files.
package struct ProtoFolder: Sendable {
  package let path: String
  package let schema: Schema

  /// Compiles every .proto file below the folder.
  package init(path: String) throws {
    self.path = path
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".proto") }.sorted()
    let outcome = compile(
      try names.map { name in
        let data = try Data(contentsOf: URL(fileURLWithPath: path).appending(path: name))
        return SourceFile(path: name, text: [UInt8](data))
      })
    guard let schema = outcome.schema else {
      throw ProtoSupportError(outcome.diagnostics.map { $0.rendered() }.joined())
    }
    self.schema = schema
  }

  /// Every message type, nested ones included, map entries not, by name.
  package var messages: [Message] {
    var pending = schema.files.flatMap(\.messages)
    var found: [Message] = []
    while let message = pending.popLast() {
      if !message.isMapEntry { found.append(message) }
      pending.append(contentsOf: message.messages)
    }
    return found.sorted { $0.fullName < $1.fullName }
  }

  /// True when messages of the type can hold a map with string keys, at any depth.
  package func holdsStringKeys(_ fullName: String) -> Bool {
    var pending = [fullName]
    var seen = Set(pending)
    while let message = pending.popLast().flatMap({ schema.message(named: $0) }) {
      for field in message.fields {
        if case .map(key: .string, _) = field.cardinality { return true }
        if case .message(let inner) = field.type, seen.insert(inner).inserted {
          pending.append(inner)
        }
      }
    }
    return false
  }
}

/// Why a test cannot be set up.
package struct ProtoSupportError: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
