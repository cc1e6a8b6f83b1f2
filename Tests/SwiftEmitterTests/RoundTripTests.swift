// Random messages of every type of the test schema through our codec and Python's.

import ProtoSupport
import ProtoWire
import Testing

/// The test schema, compiled at run time.
let testProtos = Result {
  let here = #filePath.split(separator: "/").dropLast().joined(separator: "/")
  return try ProtoFolder(path: "/\(here)/Protos")
}

@Suite struct RoundTripTests {
  @Test func pythonAgreesOnEveryType() throws {
    let check = PeerCheck(
      try testProtos.get(), types: ProtoRegistry.types)
    let complaints = try check.complaints(countPerType: 100, seed: 0x5EA7)
    #expect(complaints.isEmpty, "\(complaints.prefix(5).joined(separator: "\n"))")
  }
}
