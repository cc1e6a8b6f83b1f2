// Random messages of every type of the public schema through our codec and Python's, and the
// descriptors that the reflection service will serve.

import ProtoSchema
import ProtoSupport
import ProtoWire
import Testing
import UsherProtos

/// `Protos` of the package.
private let protoFolder =
  "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Protos"

@Suite struct RoundTripTests {
  @Test func pythonAgreesOnEveryType() throws {
    let check = PeerCheck(
      try ProtoFolder(path: protoFolder), types: ProtoRegistry.types)
    let complaints = try check.complaints(countPerType: 100, seed: 0xB00C)
    #expect(complaints.isEmpty, "\(complaints.prefix(5).joined(separator: "\n"))")
  }

  @Test func descriptorsAreTheSchemas() throws {
    let folder = try ProtoFolder(path: protoFolder)
    #expect(ProtoDescriptors.files.map(\.name) == folder.schema.files.map(\.name))
    #expect(ProtoDescriptors.files.map(\.bytes) == folder.schema.files.map(\.descriptor))
  }
}
