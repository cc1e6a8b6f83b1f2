// HTTP/2 sessions as dialogues: a client session and a server session joined back to back.

import Bytes
import HTTP2
import Testing

/// Two sessions and the bytes between them.
private final class Dialogue {
  let client: HTTP2Session
  let server: HTTP2Session
  var clientEvents: [HTTP2Event] = []
  var serverEvents: [HTTP2Event] = []
  var received: [UInt8] = []

  init(limits: HTTP2Limits = HTTP2Limits()) throws {
    client = try HTTP2Session(role: .client, limits: HTTP2Limits(), nowSeconds: 0)
    server = try HTTP2Session(role: .server, limits: limits, nowSeconds: 0)
  }

  /// Carries bytes both ways, in pieces, until both sides are silent.
  func run(pieceBytes: Int = 1 << 20) throws {
    while true {
      let moved =
        try carry(client, server, pieceBytes, &clientEvents, &serverEvents)
        + carry(server, client, pieceBytes, &serverEvents, &clientEvents)
      if moved == 0 { return }
    }
  }

  private func carry(
    _ source: HTTP2Session, _ target: HTTP2Session, _ pieceBytes: Int,
    _ sourceEvents: inout [HTTP2Event], _ events: inout [HTTP2Event]
  ) throws -> Int {
    var bytes: [UInt8] = []
    try source.produce(into: &bytes)
    sourceEvents += self.events(of: source)
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      let piece = Array(bytes[start..<min(start + pieceBytes, bytes.count)])
      try piece.withUnsafeBytes { raw in
        try target.receive(raw, nowSeconds: 0)
        for event in self.events(of: target) {
          if case .data(_, let data) = event { received += Array(data) }
          events.append(event)
        }
      }
    }
    return bytes.count
  }

  private func events(of session: HTTP2Session) -> [HTTP2Event] {
    var events: [HTTP2Event] = []
    session.takeEvents(into: &events)
    return events
  }

  static let request = HeaderBlock([
    (":method", "POST"), (":scheme", "http"), (":path", "/a"), (":authority", "x"),
  ])
}

private func names(_ events: [HTTP2Event]) -> [String] {
  events.compactMap { event in
    switch event {
    case .headers: "headers"
    case .data: "data"
    case .trailers: "trailers"
    case .end: "end"
    case .closed(_, let code): "closed \(code)"
    case .goAway(_, let code, _): "goAway \(code)"
    case .drained, .settings, .pinged, .pingAcknowledged: nil
    }
  }
}

@Suite struct SessionTests {
  @Test(arguments: [1, 7, 1 << 20])
  func aCallWithTrailers(pieceBytes: Int) throws {
    let dialogue = try Dialogue()
    let stream = try dialogue.client.request(Dialogue.request)
    dialogue.client.send(stream, [1, 2, 3])
    dialogue.client.end(stream)
    try dialogue.run(pieceBytes: pieceBytes)
    #expect(dialogue.received == [1, 2, 3])
    let served = try #require(dialogue.server.streams.first { $0.id == stream.id })
    dialogue.server.respond(served, HeaderBlock([(":status", "200")]), endStream: false)
    dialogue.server.send(served, [4])
    dialogue.server.end(served, trailers: HeaderBlock([("grpc-status", "0")]))
    try dialogue.run(pieceBytes: pieceBytes)
    #expect(names(dialogue.clientEvents) == ["headers", "data", "trailers", "closed 0"])
    #expect(names(dialogue.serverEvents).filter { $0 != "data" } == ["headers", "end", "closed 0"])
    #expect(dialogue.client.streams.isEmpty && dialogue.server.streams.isEmpty)
  }

  @Test func anEarlyResponseTellsTheClientToStop() throws {
    let dialogue = try Dialogue()
    let stream = try dialogue.client.request(Dialogue.request)
    try dialogue.run()
    let served = try #require(dialogue.server.streams.first { $0.id == stream.id })
    dialogue.server.respond(
      served, HeaderBlock([(":status", "200"), ("grpc-status", "12")]), endStream: true)
    try dialogue.run()
    #expect(names(dialogue.clientEvents) == ["headers", "closed 0"])
    #expect(dialogue.server.streams.isEmpty)
  }

  /// Kept by both sides, values that come once would push those out that come each time.
  @Test func whatIsSentOnceLeavesTheTableToWhatIsRepeated() throws {
    let dialogue = try Dialogue()
    var byteCounts: [Int] = []
    for number in 0..<30 {
      let stream = try dialogue.client.request(Dialogue.request)
      try dialogue.run()
      let served = try #require(dialogue.server.streams.first { $0.id == stream.id })
      let repeated = String(repeating: "f", count: 100)
      let once = String(repeating: "\(3 + number % 7)", count: 300)
      var block = HeaderBlock([(":status", "200"), ("x-repeated", repeated)])
      block.appendOneOff("x-once", once)
      block.appendOneOff("x-once-bin", base64: [UInt8(number), 255])
      dialogue.server.respond(served, block, endStream: true)
      var bytes: [UInt8] = []
      try dialogue.server.produce(into: &bytes)
      byteCounts.append(bytes.count)
      try bytes.withUnsafeBytes { try dialogue.client.receive($0, nowSeconds: 0) }
      var events: [HTTP2Event] = []
      dialogue.client.takeEvents(into: &events)
      guard case .headers(_, let received, _)? = events.first else {
        Issue.record("no answer")
        return
      }
      #expect(received["x-repeated"] == repeated && received["x-once"] == once)
      let binary = try #require(received["x-once-bin"])
      #expect(Base64.decode(binary.utf8) == [UInt8(number), 255])
    }
    #expect(byteCounts.dropFirst().allSatisfy { $0 < byteCounts[0] - 70 }, "\(byteCounts)")
  }

  @Test func theStreamWindowHoldsTheSenderUntilItIsReopened() throws {
    let dialogue = try Dialogue()
    let stream = try dialogue.client.request(Dialogue.request)
    dialogue.client.send(stream, [UInt8](repeating: 1, count: 200_000))
    try dialogue.run()
    #expect(dialogue.received.count == 65_536)
    #expect(stream.queuedByteCount == 200_000 - 65_536)
    let served = try #require(dialogue.server.streams.first { $0.id == stream.id })
    dialogue.server.reopenWindow(served, 65_536)
    try dialogue.run()
    #expect(dialogue.received.count == 131_072)
  }

  @Test func aHeaderListOverTheLimitEndsTheSession() throws {
    var limits = HTTP2Limits()
    limits.headerListBytes = 1_000
    let dialogue = try Dialogue(limits: limits)
    try dialogue.run()
    var block = Dialogue.request
    for index in 0..<40 { block.append("name-\(index)", "value") }
    _ = try dialogue.client.request(block)
    let error = #expect(throws: HTTP2Error.self) { try dialogue.run() }
    #expect(error?.code == 0xb)
    let farewell = dialogue.server.farewell(try #require(error))
    #expect(farewell.count == 17 && farewell[3] == 7 && farewell[16] == 0xb)
  }

  @Test func tooManyResetsEndTheSession() throws {
    var limits = HTTP2Limits()
    limits.resetBurst = 10
    let dialogue = try Dialogue(limits: limits)
    try dialogue.run()
    let error = #expect(throws: HTTP2Error.self) {
      for _ in 0..<12 {
        let stream = try dialogue.client.request(Dialogue.request)
        try dialogue.run()
        dialogue.client.reset(stream, errorCode: 8)
        try dialogue.run()
      }
    }
    #expect(error?.code == 0xb)
  }

  @Test func tooManyPingsWithoutEffectEndTheSession() throws {
    var limits = HTTP2Limits()
    limits.idleFrameBurst = 10
    let dialogue = try Dialogue(limits: limits)
    try dialogue.run()
    let error = #expect(throws: HTTP2Error.self) {
      for _ in 0..<12 {
        dialogue.client.ping()
        try dialogue.run()
      }
    }
    #expect(error?.code == 0xb)
  }

  /// Many clients end each request with an empty DATA frame: that is work, not abuse.
  @Test func emptyFramesThatEndStreamsAreNoAbuse() throws {
    var limits = HTTP2Limits()
    limits.idleFrameBurst = 5
    limits.idleFramesPerSecond = 0
    let dialogue = try Dialogue(limits: limits)
    try dialogue.run()
    for _ in 0..<20 {
      let stream = try dialogue.client.request(Dialogue.request)
      dialogue.client.send(stream, [1])
      try dialogue.run()
      dialogue.client.end(stream)
      try dialogue.run()
      let served = try #require(dialogue.server.streams.first { $0.id == stream.id })
      dialogue.server.respond(served, HeaderBlock([(":status", "200")]), endStream: true)
      try dialogue.run()
    }
  }

  /// The refusals wait unsent in the server's session; only what came in can be counted.
  @Test func aPeerThatDoesNotReadItsRefusalsIsEnded() throws {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 1
    limits.forcedResetBurst = 10
    limits.forcedResetsPerSecond = 0
    let client = try HTTP2Session(role: .client, limits: HTTP2Limits(), nowSeconds: 0)
    let server = try HTTP2Session(role: .server, limits: limits, nowSeconds: 0)
    for _ in 0..<50 { _ = try client.request(Dialogue.request) }
    var bytes: [UInt8] = []
    try client.produce(into: &bytes)
    let error = #expect(throws: HTTP2Error.self) {
      try bytes.withUnsafeBytes { try server.receive($0, nowSeconds: 0) }
    }
    #expect(error?.code == 0xb)
  }

  @Test func whatIsNotHTTP2IsRefused() throws {
    let server = try HTTP2Session(role: .server, limits: HTTP2Limits(), nowSeconds: 0)
    #expect(throws: HTTP2Error.self) {
      try Array("GET / HTTP/1.1\r\n\r\n".utf8).withUnsafeBytes {
        try server.receive($0, nowSeconds: 0)
      }
    }
  }

  @Test func goAwayIsAnnouncedInTwoSteps() throws {
    let dialogue = try Dialogue()
    let stream = try dialogue.client.request(Dialogue.request)
    try dialogue.run()
    dialogue.server.announceShutdown()
    try dialogue.run()
    dialogue.server.goAway(errorCode: 0)
    try dialogue.run()
    let lasts = dialogue.clientEvents.compactMap { event -> Int32? in
      if case .goAway(let last, _, _) = event { last } else { nil }
    }
    #expect(lasts == [.max, stream.id])
  }

  /// A client may repeat a call that the server cannot have seen.
  @Test func aRequestThatNeverLeftIsKnownFromOneThatDid() throws {
    let dialogue = try Dialogue()
    let sent = try dialogue.client.request(Dialogue.request)
    #expect(!sent.isRequestSent)
    try dialogue.run()
    #expect(sent.isRequestSent)
    dialogue.server.goAway(errorCode: 0xb, reason: "too_many_pings")
    try dialogue.run()
    let reasons = dialogue.clientEvents.compactMap { event -> String? in
      if case .goAway(_, _, let reason) = event { reason } else { nil }
    }
    #expect(reasons == ["too_many_pings"])
    #expect(!sent.isClosed)
  }

  @Test func streamsThatTheServerNeverTookAreRefused() throws {
    let dialogue = try Dialogue()
    let taken = try dialogue.client.request(Dialogue.request)
    try dialogue.run()
    let late = try dialogue.client.request(Dialogue.request)
    dialogue.server.goAway(errorCode: 0)
    // The client sends its second request before it learns of the GOAWAY.
    try dialogue.run()
    #expect(late.isRequestSent)
    let closed = dialogue.clientEvents.compactMap { event -> String? in
      if case .closed(let stream, let code) = event { "\(stream.id) \(code)" } else { nil }
    }
    #expect(closed == ["\(late.id) 7"])
    #expect(taken.id < late.id)
  }
}
