// Runs protogen over a target's .proto files before it is compiled. Which files those are, and what
// comes out, must be known here: a build plan names inputs and outputs, and runs again on a change
// of an input only if it is named.

import Foundation
import PackagePlugin

@main struct ProtogenPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let root = protoFolder(of: target, in: context.package)
    let paths = try protoPaths(under: root)
    guard !paths.isEmpty else { return [] }
    let inputs = paths.map { root.appending(path: $0) }
    let output = context.pluginWorkDirectoryURL
    return [
      .buildCommand(
        displayName: "Compile the .proto files of \(target.name)",
        executable: try context.tool(named: "protogen").url,
        arguments: ["--out", output.path, "--root", root.path] + inputs.map(\.path),
        inputFiles: inputs,
        outputFiles: outputNames(paths).map { output.appending(path: $0) })
    ]
  }

  /// A target with a schema of its own has it in a folder; a link, or nothing, means the package's.
  private func protoFolder(of target: any Target, in package: Package) -> URL {
    let own = target.directoryURL.appending(path: "Protos")
    let attributes = try? FileManager.default.attributesOfItem(atPath: own.path)
    let isFolder = attributes?[.type] as? FileAttributeType == .typeDirectory
    return isFolder ? own : package.directoryURL.appending(path: "Protos")
  }

  /// Paths of the .proto files relative to `root`, sorted, so that the plan does not depend on the
  /// order in which a folder is listed.
  private func protoPaths(under root: URL) throws -> [String] {
    guard FileManager.default.fileExists(atPath: root.path) else { return [] }
    return try FileManager.default.subpathsOfDirectory(atPath: root.path)
      .filter { $0.hasSuffix(".proto") }
      .sorted()
  }

  /// The names that `GeneratedFileName` gives, which a plugin cannot import.
  private func outputNames(_ paths: [String]) -> [String] {
    paths.map { $0.dropLast(6).replacing("/", with: ".") + ".swift" }
      + ["ProtoNamespaces.swift", "ProtoDescriptors.swift", "ProtoRegistry.swift"]
  }
}
