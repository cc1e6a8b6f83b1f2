// What a session tells the layer above.

package import Bytes

/// An event of a session, in the order in which the peer caused it.
package enum HTTP2Event {
  /// A request's or response's header block. `endStream` when nothing follows.
  case headers(HTTP2Stream, HeaderBlock, endStream: Bool)
  /// Bytes of a DATA frame; the memory is the one given to `receive`, valid until the next call.
  case data(HTTP2Stream, UnsafeRawBufferPointer)
  /// A trailing header block; the peer's side is finished.
  case trailers(HTTP2Stream, HeaderBlock)
  /// The peer's side is finished without trailers.
  case end(HTTP2Stream)
  /// The stream is gone. Code 0 (NO_ERROR) after an orderly end.
  case closed(HTTP2Stream, errorCode: UInt32)
  /// Queued bytes of a stream have been framed.
  case drained(HTTP2Stream)
  /// The peer will take no new streams above the given one. `reason` is its debug data.
  case goAway(lastStreamID: Int32, errorCode: UInt32, reason: String)
  /// The answer to a PING of ours.
  case pingAcknowledged
  /// A PING of the peer's, already answered.
  case pinged
  /// The peer's SETTINGS have arrived: its preface is complete.
  case settings
}

/// Why a session can go no further; the connection must be closed after sending what is left.
package struct HTTP2Error: Error, Equatable, CustomStringConvertible {
  /// RFC 9113, section 7.
  package let code: UInt32
  package let reason: String

  init(_ code: UInt32, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  package var description: String { "HTTP/2 error \(code): \(reason)" }

  /// ENHANCE_YOUR_CALM: the peer costs more than it may.
  static func excessive(_ reason: String) -> HTTP2Error { HTTP2Error(0xb, reason) }
}
