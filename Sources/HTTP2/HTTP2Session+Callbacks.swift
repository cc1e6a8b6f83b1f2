// nghttp2's callbacks. They record what happened and return; nothing here calls out of the floor.

import Bytes
import CNghttp2

enum SessionFactory {
  static func make(
    _ role: HTTP2Session.Role, _ limits: HTTP2Limits, owner: HTTP2Session
  ) throws(HTTP2Error) -> OpaquePointer {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    nghttp2_option_new(&option)
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(option)
    }
    install(callbacks)
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_no_closed_streams(option, 1)
    nghttp2_option_set_max_settings(option, limits.settingsEntries)
    nghttp2_option_set_max_outbound_ack(option, limits.queuedAcknowledgements)
    var session: OpaquePointer?
    // SAFETY: the session is deleted in its owner's deinit, so the pointer never outlives it.
    let context = Unmanaged.passUnretained(owner).toOpaque()
    var memory = owner.memory.functions
    let result =
      role == .server
      ? nghttp2_session_server_new3(&session, callbacks, context, option, &memory)
      : nghttp2_session_client_new3(&session, callbacks, context, option, &memory)
    guard result == 0, let session else { throw HTTP2Error(2, "no memory for a session") }
    return session
  }

  private static func install(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalidFrame)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose)
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
    nghttp2_session_callbacks_set_send_data_callback(callbacks, onSendData)
  }
}

/// Runs a body with the session of a callback. There are some twenty callbacks in a call, and a
/// retain and a release in each would cost more than most of them.
private func withSession(
  _ context: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Int32
) -> Int32 {
  guard let context else { return abort }
  // SAFETY: `SessionFactory.make` put the session there; it outlives its handle, and whoever called
  // nghttp2 holds it.
  return Unmanaged<HTTP2Session>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
}

private let abort = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

private func onBeginHeaders(
  _ handle: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame else { return abort }
  return withSession(context) { session in
    let id = frame.pointee.hd.stream_id
    session.blockStream = session.stream(id)
    session.headerBlockBegan = session.nowSeconds
    if session.role == .server, session.blockStream == nil {
      guard session.streams.count < Int(session.limits.concurrentStreams) else {
        session.isBlockWanted = false
        return session.refuseStream(id)
      }
      let stream = HTTP2Stream(id: id)
      session.adopt(stream)
      session.blockStream = stream
    }
    session.isBlockWanted = session.blockStream != nil
    session.block = .withRoom()
    return 0
  }
}

private func onHeader(
  _ handle: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ name: UnsafePointer<UInt8>?, _ nameLength: Int,
  _ value: UnsafePointer<UInt8>?, _ valueLength: Int, _ flags: UInt8,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  return withSession(context) { session in
    guard session.isBlockWanted else { return 0 }
    let listByteCount = session.block.append(
      name: UnsafeBufferPointer(start: name, count: nameLength),
      value: UnsafeBufferPointer(start: value, count: valueLength))
    guard listByteCount <= session.limits.headerListBytes else {
      session.failure = .excessive("header list over \(session.limits.headerListBytes) bytes")
      return abort
    }
    return 0
  }
}

/// Frames that a peer can send without limit and without effect draw on budgets.
private func onBeginFrame(
  _ handle: OpaquePointer?, _ header: UnsafePointer<nghttp2_frame_hd>?,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let header else { return abort }
  return withSession(context) { session in
    let type = UInt32(header.pointee.type)
    session.noteFrameType(type)
    switch type {
    case NGHTTP2_RST_STREAM.rawValue:
      guard session.resets.spend(nowSeconds: session.nowSeconds) else {
        session.failure = .excessive("too many resets")
        return abort
      }
    case NGHTTP2_PRIORITY.rawValue where header.pointee.stream_id == 0:
      // nghttp2 ignores every PRIORITY; RFC 9113, section 6.3, does not ignore this one.
      session.failure = HTTP2Error(NGHTTP2_PROTOCOL_ERROR.rawValue, "PRIORITY on stream 0")
      return abort
    case NGHTTP2_PING.rawValue, NGHTTP2_SETTINGS.rawValue, NGHTTP2_PRIORITY.rawValue:
      return session.spendIdleFrame()
    // nghttp2 reads a block for a stream that has ended, and drops it.
    case NGHTTP2_HEADERS.rawValue
    where session.role == .server
      && header.pointee.stream_id <= nghttp2_session_get_last_proc_stream_id(handle)
      && session.stream(header.pointee.stream_id) == nil:
      return session.spendIdleFrame()
    case NGHTTP2_CONTINUATION.rawValue:
      session.continuationCount += 1
      guard session.continuationCount <= session.limits.continuationFrames else {
        session.failure = .excessive("too many CONTINUATION frames")
        return abort
      }
    // An empty frame with END_STREAM has an effect: many clients end their requests with one.
    case NGHTTP2_DATA.rawValue
    where header.pointee.length == 0
      && header.pointee.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0:
      return session.spendIdleFrame()
    default: break
    }
    return 0
  }
}

private func onFrame(
  _ handle: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = frame?.pointee else { return abort }
  return withSession(context) { session in
    let isAcknowledgement = frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    switch UInt32(frame.hd.type) {
    case NGHTTP2_HEADERS.rawValue:
      session.headerBlockBegan = nil
      session.noteHeaders(frame)
    case NGHTTP2_DATA.rawValue:
      guard frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 else { break }
      if let stream = session.stream(frame.hd.stream_id) {
        stream.isPeerEnded = true
        session.events.append(.end(stream))
      }
    case NGHTTP2_PING.rawValue:
      session.events.append(isAcknowledgement ? .pingAcknowledged : .pinged)
    case NGHTTP2_SETTINGS.rawValue where !isAcknowledgement:
      session.events.append(.settings)
    case NGHTTP2_GOAWAY.rawValue:
      let debug = UnsafeBufferPointer(
        start: frame.goaway.opaque_data,
        count: min(frame.goaway.opaque_data_len, session.limits.goAwayReasonBytes))
      session.events.append(
        .goAway(
          lastStreamID: frame.goaway.last_stream_id, errorCode: frame.goaway.error_code,
          reason: String(decoding: debug, as: UTF8.self)))
    default: break
    }
    return 0
  }
}

/// A frame that nghttp2 answers with a reset draws on the budget when it arrives: the answer may
/// wait for ever when the peer does not read.
private func onInvalidFrame(
  _ handle: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ code: Int32,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  return withSession(context) { session in
    // The rest of an invalid header block is skipped without a word of its end.
    session.headerBlockBegan = nil
    session.blockStream = nil
    session.answeredFrames += 1
    return session.role == .server ? session.spendForcedReset() : 0
  }
}

private func onData(
  _ handle: OpaquePointer?, _ flags: UInt8, _ streamID: Int32,
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  return withSession(context) { session in
    // The connection's window is reopened at once: what streams hold is bounded by their own windows.
    nghttp2_session_consume_connection(handle, count)
    if let stream = session.stream(streamID) {
      session.events.append(.data(stream, UnsafeRawBufferPointer(start: bytes, count: count)))
    } else {
      nghttp2_session_consume_stream(handle, streamID, count)
    }
    return 0
  }
}

private func onClose(
  _ handle: OpaquePointer?, _ streamID: Int32, _ errorCode: UInt32,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  return withSession(context) { session in
    guard let stream = session.stream(streamID) else { return 0 }
    session.forget(stream)
    stream.isClosed = true
    stream.dropQueue()
    session.events.append(.closed(stream, errorCode: errorCode))
    return 0
  }
}

/// Resets that nghttp2 sends on its own answer a peer's errors; a peer may cause only so many. A
/// response that ended before its request makes the peer stop sending.
private func onFrameSent(
  _ handle: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = frame?.pointee else { return abort }
  return withSession(context) { session in
    if session.earlyEndCount > 0, frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
      let stream = session.stream(frame.hd.stream_id), stream.resetsAfterEnd, !stream.isPeerEnded
    {
      nghttp2_submit_rst_stream(handle, 0, stream.id, NGHTTP2_NO_ERROR.rawValue)
    }
    if session.role == .client { session.noteRequestSent(frame) }
    if UInt32(frame.hd.type) == NGHTTP2_GOAWAY.rawValue { session.noteFarewell(frame.goaway) }
    guard UInt32(frame.hd.type) == NGHTTP2_RST_STREAM.rawValue, session.role == .server,
      frame.rst_stream.error_code != 0
    else { return 0 }
    guard session.answeredFrames == 0 else {
      session.answeredFrames -= 1
      return 0
    }
    return session.spendForcedReset()
  }
}

/// Writes one DATA frame: the nine header bytes, then the stream's queued bytes.
private func onSendData(
  _ handle: OpaquePointer?, _ frame: UnsafeMutablePointer<nghttp2_frame>?,
  _ header: UnsafePointer<UInt8>?, _ length: Int,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let pointer = source?.pointee.ptr else { return abort }
  return withSession(context) { session in
    session.dataFrameCount &+= 1
    session.output.append(contentsOf: UnsafeBufferPointer(start: header, count: 9))
    // SAFETY: the data source is the stream that `withDataProvider` was given; see there.
    Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
      stream.take(length, into: &session.output)
      // A stream with a source asks for more itself; an ended one has nobody who waits.
      guard stream.isOpen, !stream.wantsDrainEvent, stream.source == nil else { return }
      stream.wantsDrainEvent = true
      session.drainedStreams.append(stream)
    }
    return 0
  }
}

/// Says how many bytes the next DATA frame of a stream will have, and what comes after it.
private func onReadData(
  _ handle: OpaquePointer?, _ streamID: Int32, _ buffer: UnsafeMutablePointer<UInt8>?,
  _ length: Int, _ flags: UnsafeMutablePointer<UInt32>?,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let pointer = source?.pointee.ptr, let flags else { return Int(abort) }
  // SAFETY: as in `onSendData`.
  return Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
    readData(handle, stream, length, flags)
  }
}

private func readData(
  _ handle: OpaquePointer?, _ stream: HTTP2Stream, _ length: Int,
  _ flags: UnsafeMutablePointer<UInt32>
) -> Int {
  var isDry = false
  if let source = stream.source, stream.queuedByteCount < length {
    isDry = !source.refill(
      stream, slot: stream.sourceSlot, byteCount: length - stream.queuedByteCount)
  }
  let count = min(length, stream.queuedByteCount)
  guard count == stream.queuedByteCount else {
    flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    return count
  }
  switch stream.end {
  case .open where count == 0:
    stream.isDeferred = true
    return Int(NGHTTP2_ERR_DEFERRED.rawValue)
  case .open where isDry:
    // nghttp2 is told that this is all, so that it does not ask again only to hear that it was.
    stream.isDetached = true
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
  case .open: break
  case .endStream:
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
  case .trailers, .fixedTrailers:
    flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    guard stream.submitTrailers(handle) else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
  case .submitted:
    stream.isDeferred = true
    return Int(NGHTTP2_ERR_DEFERRED.rawValue)
  }
  flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
  return count
}

extension HTTP2Session {
  fileprivate func spendIdleFrame() -> Int32 {
    guard idleFrames.spend(nowSeconds: nowSeconds) else {
      failure = .excessive("too many frames without effect")
      return abort
    }
    return 0
  }

  fileprivate func spendForcedReset() -> Int32 {
    guard forcedResets.spend(nowSeconds: nowSeconds) else {
      failure = .excessive("too many stream errors")
      return abort
    }
    return 0
  }

  /// A stream over the limit is a stream error (RFC 9113, 5.1.2): the calls beside it go on.
  fileprivate func refuseStream(_ id: Int32) -> Int32 {
    nghttp2_submit_rst_stream(handle, 0, id, NGHTTP2_REFUSED_STREAM.rawValue)
    answeredFrames += 1
    return spendForcedReset()
  }

  /// The first GOAWAY with a code says why the connection ends, whoever decided it.
  fileprivate func noteFarewell(_ frame: nghttp2_goaway) {
    guard frame.error_code != 0, ownFarewell == nil else { return }
    let text = UnsafeBufferPointer(start: frame.opaque_data, count: frame.opaque_data_len)
    ownFarewell = HTTP2Error(frame.error_code, String(decoding: text, as: UTF8.self))
  }

  /// Nothing but CONTINUATION may follow HEADERS before the block ends, so with another frame it has.
  fileprivate func noteFrameType(_ type: UInt32) {
    guard type != NGHTTP2_CONTINUATION.rawValue else { return }
    continuationCount = 0
    headerBlockBegan = nil
  }

  fileprivate func noteRequestSent(_ frame: nghttp2_frame) {
    guard UInt32(frame.hd.type) == NGHTTP2_HEADERS.rawValue,
      frame.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return }
    stream(frame.hd.stream_id)?.isRequestSent = true
  }

  fileprivate func noteHeaders(_ frame: nghttp2_frame) {
    guard let stream = blockStream else { return }
    blockStream = nil
    let endStream = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    var block = HeaderBlock()
    swap(&block, &self.block)
    stream.isPeerEnded = endStream
    switch frame.headers.cat {
    case NGHTTP2_HCAT_REQUEST, NGHTTP2_HCAT_RESPONSE:
      events.append(.headers(stream, block, endStream: endStream))
    default:
      // After a 1xx block the real response has this category too, and a pseudo-header.
      if role == .client, block[":status"] != nil {
        events.append(.headers(stream, block, endStream: endStream))
      } else {
        events.append(.trailers(stream, block))
      }
    }
  }

  func withDataProvider<R>(
    _ stream: HTTP2Stream, _ body: (UnsafePointer<nghttp2_data_provider>) -> R
  ) -> R {
    var provider = nghttp2_data_provider()
    // SAFETY: nghttp2 uses the source between submission and on_stream_close; `streams` keeps the
    // stream alive that long.
    provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
    provider.read_callback = onReadData
    return body(&provider)
  }
}
