// An HTTP/2 session as a machine: bytes in, events out; commands in, bytes out. No sockets, no
// clock of its own, no knowledge of gRPC. C callbacks only record (see HTTP2Session+Callbacks).

package import Bytes
import CNghttp2

/// One connection's HTTP/2 state on nghttp2. Confined to its loop.
package final class HTTP2Session {
  package enum Role: Sendable {
    case client
    case server
  }

  package let role: Role
  package let limits: HTTP2Limits
  /// What nghttp2's memory comes from; outlives the handle.
  let memory: SessionMemory
  /// Events since the owner last took them.
  var events: [HTTP2Event] = []
  private(set) var handle: OpaquePointer?
  /// Every stream that has not closed, in no order: nghttp2 does not report streams when a session
  /// is deleted.
  package private(set) var streams: [HTTP2Stream] = []
  /// The header block that is being received: blocks of two streams never mix (RFC 9113, 4.3).
  var block = HeaderBlock()
  /// The stream of that block.
  var blockStream: HTTP2Stream?
  /// Whether there is such a stream; asked for each field.
  var isBlockWanted = false
  /// Streams whose peer is to be told to stop sending once their end has been sent.
  private(set) var earlyEndCount = 0
  var output: [UInt8] = []
  var failure: HTTP2Error?
  var resets: AbuseBudget
  var forcedResets: AbuseBudget
  var idleFrames: AbuseBudget
  var nowSeconds: Double
  var drainedStreams: [HTTP2Stream] = []
  /// DATA frames sent so far, wrapping; for the owner to see whether there were any.
  package internal(set) var dataFrameCount: UInt = 0
  /// CONTINUATION frames of the present header block.
  var continuationCount = 0
  /// Frames that have drawn on `forcedResets` and whose RST_STREAM has not been sent.
  var answeredFrames = 0
  /// Why this side has ended the session by a GOAWAY; nil while it has not.
  package internal(set) var ownFarewell: HTTP2Error?
  /// Where in the first output the stream limit stands that the peer is told.
  private var streamLimitOffset: Int?
  /// When the header block began that has not ended, by the owner's clock; nil when none is open.
  package internal(set) var headerBlockBegan: Double?

  /// Creates a session and queues its SETTINGS. `nowSeconds` is any monotonic clock; `memory` is
  /// that of the session's loop.
  package init(
    role: Role, limits: HTTP2Limits, memory: SessionMemory = SessionMemory(), nowSeconds: Double
  ) throws(HTTP2Error) {
    self.role = role
    self.memory = memory
    self.limits = limits
    self.nowSeconds = nowSeconds
    resets = AbuseBudget(
      burst: limits.resetBurst, perSecond: limits.resetsPerSecond, nowSeconds: nowSeconds)
    forcedResets = AbuseBudget(
      burst: limits.forcedResetBurst, perSecond: limits.forcedResetsPerSecond,
      nowSeconds: nowSeconds)
    idleFrames = AbuseBudget(
      burst: limits.idleFrameBurst, perSecond: limits.idleFramesPerSecond, nowSeconds: nowSeconds)
    handle = try SessionFactory.make(role, limits, owner: self)
    try submitSettings()
  }

  deinit { nghttp2_session_del(handle) }

  private func submitSettings() throws(HTTP2Error) {
    var entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: limits.streamWindowBytes),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(limits.headerListBytes)),
      // Priorities cost half of a fan-out and no gRPC client uses them (RFC 9218, section 2.1).
      nghttp2_settings_entry(settings_id: 9, value: 1),
    ]
    switch role {
    case .server:
      // nghttp2 would end the connection at the first stream over its limit, with all the calls
      // on it. It is given none; the peer is told ours, and `onBeginHeaders` keeps it.
      entries.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: .max))
      streamLimitOffset = 9 + 6 * entries.count - 4
    case .client:
      entries.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    let result = nghttp2_submit_settings(handle, 0, entries, entries.count)
    let grown = nghttp2_session_set_local_window_size(
      handle, 0, 0, Int32(limits.connectionWindowBytes))
    guard result == 0, grown == 0 else { throw HTTP2Error(2, "settings could not be queued") }
  }

  /// Identifier of the newest stream that the peer has begun; 0 before the first.
  package var newestPeerStream: Int32 { nghttp2_session_get_last_proc_stream_id(handle) }

  // MARK: Events

  /// Whether there are events that the owner has not taken. `receive` and `produce` make them.
  package var hasEvents: Bool { !events.isEmpty }

  /// Exchanges the events for an empty list, whose memory is used for those to come.
  package func takeEvents(into taken: inout [HTTP2Event]) {
    swap(&events, &taken)
  }

  // MARK: Bytes in

  /// Takes received bytes; afterwards there are events of what they meant. Data events point into
  /// `bytes`. An error is final: send what `produce` still gives, then close.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, nowSeconds: Double
  ) throws(HTTP2Error) {
    self.nowSeconds = nowSeconds
    let count = nghttp2_session_mem_recv(
      handle, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count)
    if let failure { throw failure }
    guard count >= 0 else {
      let excesses = [NGHTTP2_ERR_FLOODED, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS]
      let isExcess = excesses.contains { Int($0.rawValue) == count }
      let reason = String(cString: nghttp2_strerror(Int32(count)))
      throw isExcess ? .excessive(reason) : HTTP2Error(1, reason)
    }
  }

  // MARK: Bytes out

  /// Appends what the session wants to send to `buffer`, up to about the high-water mark.
  package func produce(into buffer: inout [UInt8]) throws(HTTP2Error) {
    swap(&output, &buffer)
    defer { swap(&output, &buffer) }
    while output.count < limits.outputHighWaterBytes {
      var bytes: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(handle, &bytes)
      guard count >= 0 else {
        throw failure ?? HTTP2Error(2, String(cString: nghttp2_strerror(Int32(count))))
      }
      guard count > 0 else { break }
      output.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
    }
    announceStreamLimit()
    for stream in drainedStreams {
      stream.wantsDrainEvent = false
      if !stream.isClosed { events.append(.drained(stream)) }
    }
    drainedStreams.removeAll(keepingCapacity: true)
  }

  /// The first output begins with our SETTINGS frame.
  private func announceStreamLimit() {
    guard let offset = streamLimitOffset, output.count >= offset + 4 else { return }
    streamLimitOffset = nil
    for index in 0..<4 {
      output[offset + index] = UInt8(
        truncatingIfNeeded: limits.concurrentStreams >> UInt32(24 - 8 * index))
    }
  }

  /// Whether there is anything to send. When there is also nothing to read, the session is over.
  package var wantsToSend: Bool { nghttp2_session_want_write(handle) != 0 }

  /// Whether the session still expects anything from the peer.
  package var wantsToReceive: Bool { nghttp2_session_want_read(handle) != 0 }

  /// The frame that tells a peer why the session failed, for use after an error.
  package func farewell(_ error: HTTP2Error) -> [UInt8] {
    let last = UInt32(bitPattern: nghttp2_session_get_last_proc_stream_id(handle))
    var frame: [UInt8] = [0, 0, 8, 7, 0, 0, 0, 0, 0]
    for word in [last, error.code] {
      for shift in [24, 16, 8, 0] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return frame
  }

  // MARK: Commands

  /// Starts a response, or with `endStream` makes it a header block only.
  package func respond(_ stream: HTTP2Stream, _ headers: HeaderBlock, endStream: Bool) {
    guard !stream.isClosed else { return }
    if endStream { noteEnd(of: stream) }
    _ = headers.withNameValues { pairs in
      if endStream {
        nghttp2_submit_headers(
          handle, UInt8(NGHTTP2_FLAG_END_STREAM.rawValue), stream.id, nil, pairs.baseAddress,
          pairs.count, nil)
      } else {
        withDataProvider(stream) {
          nghttp2_submit_response(handle, stream.id, pairs.baseAddress, pairs.count, $0)
        }
      }
    }
  }

  /// Starts a response with headers laid out before.
  package func respond(_ stream: HTTP2Stream, _ headers: FixedHeaders) {
    guard !stream.isClosed else { return }
    _ = withDataProvider(stream) {
      nghttp2_submit_response(
        handle, stream.id, headers.pairs.baseAddress, headers.pairs.count, $0)
    }
  }

  /// Starts a request; its DATA is queued with `send`. Throws REFUSED_STREAM when the session can
  /// have no more streams.
  package func request(_ headers: HeaderBlock) throws(HTTP2Error) -> HTTP2Stream {
    let stream = HTTP2Stream(id: 0)
    let id = headers.withNameValues { pairs in
      withDataProvider(stream) {
        nghttp2_submit_request(handle, nil, pairs.baseAddress, pairs.count, $0, nil)
      }
    }
    guard id > 0 else { throw HTTP2Error(7, String(cString: nghttp2_strerror(id))) }
    stream.id = id
    adopt(stream)
    return stream
  }

  /// Queues bytes of DATA.
  package func send(_ stream: HTTP2Stream, _ bytes: [UInt8]) {
    guard !stream.isClosed else { return }
    stream.append(bytes)
    resume(stream)
  }

  /// Lets streams ask their sources for more, those that do not wait for the peer.
  package func wake(_ streams: [HTTP2Stream]) {
    for stream in streams where !stream.isClosed { resume(stream) }
  }

  /// Ends this side of a stream behind what is queued, with trailers or without.
  package func end(_ stream: HTTP2Stream, trailers: HeaderBlock? = nil) {
    end(stream, trailers.map { .trailers($0) } ?? .endStream)
  }

  /// Ends this side of a stream behind what is queued, with trailers laid out before.
  package func end(_ stream: HTTP2Stream, trailers: FixedHeaders) {
    end(stream, .fixedTrailers(trailers))
  }

  private func end(_ stream: HTTP2Stream, _ end: HTTP2Stream.OutboundEnd) {
    guard !stream.isClosed else { return }
    noteEnd(of: stream)
    stream.end = end
    stream.source = nil
    // Trailers with nothing before them need no window: behind DATA a peer that opens none would
    // never be told them.
    if stream.queuedByteCount > 0 || !stream.submitTrailers(handle) { resume(stream) }
  }

  private func noteEnd(of stream: HTTP2Stream) {
    guard role == .server, !stream.isPeerEnded, !stream.resetsAfterEnd else { return }
    stream.resetsAfterEnd = true
    earlyEndCount += 1
  }

  /// Resets a stream; what is queued on it is dropped.
  package func reset(_ stream: HTTP2Stream, errorCode: UInt32) {
    guard !stream.isClosed else { return }
    nghttp2_submit_rst_stream(handle, 0, stream.id, errorCode)
  }

  /// Lets the peer send more on a stream.
  package func reopenWindow(_ stream: HTTP2Stream, _ byteCount: Int) {
    guard !stream.isClosed, byteCount > 0 else { return }
    nghttp2_session_consume_stream(handle, stream.id, byteCount)
  }

  /// Says that new streams will soon be refused: GOAWAY with the largest stream identifier, the
  /// first of the two steps of a graceful end (RFC 9113, section 6.8).
  package func announceShutdown() { nghttp2_submit_shutdown_notice(handle) }

  /// Refuses streams beyond those already begun; the second step.
  package func goAway(errorCode: UInt32, reason: String = "") {
    let last = nghttp2_session_get_last_proc_stream_id(handle)
    let text = Array(reason.utf8)
    nghttp2_submit_goaway(handle, 0, last, errorCode, text, text.count)
  }

  /// Sends a PING; its answer becomes an event.
  package func ping() { nghttp2_submit_ping(handle, 0, nil) }

  private func resume(_ stream: HTTP2Stream) {
    if stream.isDetached {
      stream.isDetached = false
      withDataProvider(stream) { _ = nghttp2_submit_data(handle, 0, stream.id, $0) }
    } else if stream.isDeferred {
      stream.isDeferred = false
      nghttp2_session_resume_data(handle, stream.id)
    }
  }

  // MARK: The table

  func adopt(_ stream: HTTP2Stream) {
    stream.slot = streams.count
    streams.append(stream)
    // SAFETY: the table keeps the stream alive until on_stream_close, the last use by nghttp2.
    nghttp2_session_set_stream_user_data(
      handle, stream.id, Unmanaged.passUnretained(stream).toOpaque())
  }

  func forget(_ stream: HTTP2Stream) {
    if stream.resetsAfterEnd { earlyEndCount -= 1 }
    let last = streams.removeLast()
    guard last !== stream else { return }
    last.slot = stream.slot
    streams[stream.slot] = last
  }

  func stream(_ id: Int32) -> HTTP2Stream? {
    guard let pointer = nghttp2_session_get_stream_user_data(handle, id) else { return nil }
    // SAFETY: `adopt` put it there, and the table keeps it alive until on_stream_close.
    return Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
  }
}
