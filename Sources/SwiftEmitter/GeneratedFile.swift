// The entry point: a checked schema in, Swift source files out. Writing them is protogen's business.

package import ProtoSchema

/// A Swift source file.
package struct GeneratedFile: Sendable, Equatable {
  /// The name without a folder, unique within the schema.
  package let name: String
  package let text: String
}

/// The names of the files that ``emitSwift(_:)`` makes of a schema. They depend on the .proto files'
/// paths only, because a build plan must know them before anything is compiled.
package enum GeneratedFileName {
  package static let namespaces = "ProtoNamespaces.swift"
  package static let descriptors = "ProtoDescriptors.swift"
  package static let registry = "ProtoRegistry.swift"

  /// `usher/v1/booking.proto` → `usher.v1.booking.swift`: a module's files need different names, so
  /// the folders become part of the name.
  package static func forProto(_ path: String) -> String {
    let stem = path.hasSuffix(".proto") ? String(path.dropLast(6)) : path
    return stem.split(separator: "/").joined(separator: ".") + ".swift"
  }
}

/// Emits a module's worth of Swift: one file per .proto file, and three for all of them.
package func emitSwift(_ schema: Schema) -> [GeneratedFile] {
  let names = NameTable(schema)
  return schema.files.map { FileEmitter($0, names: names).emit() }
    + [
      emitNamespaces(schema, names: names), emitDescriptors(schema),
      emitRegistry(schema, names: names),
    ]
}
