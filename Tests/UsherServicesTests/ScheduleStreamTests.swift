// What a stream with a schedule remembers, and when that is too much.

import ProtoWire
import RPC
import Testing
import UsherProtos

@testable import UsherServices

@Suite struct ScheduleStreamTests {
  private func theatres(_ counts: Int...) -> [Int64: UploadedTheatre] {
    var theatres: [Int64: UploadedTheatre] = [:]
    for (id, count) in counts.enumerated() {
      theatres[Int64(id)] = UploadedTheatre(id: Int64(id), named: Set(0..<Int64(count)))
    }
    return theatres
  }

  /// Of all its theatres together, and before a row is looked at.
  @Test func aStreamNamesSoManyShows() throws {
    try theatres(60_000, 39_800).requireRoom(forRows: 200)
    let error = #expect(throws: RPCError.self) {
      try theatres(60_000, 39_801).requireRoom(forRows: 200)
    }
    #expect(error?.code == .failedPrecondition)
    let status = try Google.Rpc.Status(protoBytes: error?.details ?? [])
    let info = try Google.Rpc.ErrorInfo(protoBytes: #require(status.details.first).value)
    #expect(info.reason == "SCHEDULE_TOO_LARGE" && info.metadata == ["shows": "100000"])
  }
}
