// One stream of a session: what waits to be sent on it, and whom it belongs to.

import Bytes
import CNghttp2
import DequeModule

/// Where a stream's DATA comes from when it is not queued: asked when the peer can take some.
package protocol HTTP2Source: AnyObject {
  /// Appends to the stream what there is, whole chunks until `byteCount` is reached, and returns
  /// whether there is more. Runs inside nghttp2: it must not touch the session.
  func refill(_ stream: HTTP2Stream, slot: Int, byteCount: Int) -> Bool
}

/// A stream. Confined to its session's loop; the session keeps it until the stream closes.
package final class HTTP2Stream {
  /// What happens after the queued bytes.
  enum OutboundEnd {
    /// More may come.
    case open
    /// END_STREAM on the last DATA frame.
    case endStream
    /// A HEADERS frame with these trailers.
    case trailers(HeaderBlock)
    /// A HEADERS frame with trailers laid out before.
    case fixedTrailers(FixedHeaders)
    /// The trailers have been submitted; nothing follows.
    case submitted
  }

  /// Identifier of the stream; 0 until a client's request has been submitted.
  package internal(set) var id: Int32
  /// The layer above; the stream keeps it alive.
  package var attachment: AnyObject?
  /// Bytes queued and not yet framed.
  package private(set) var queuedByteCount = 0
  /// The chunk that is being framed, and those behind it: most streams never have a second.
  private var first: [UInt8] = []
  private var rest: Deque<[UInt8]>?
  /// Bytes of the first chunk that have been framed.
  private var firstOffset = 0
  var end = OutboundEnd.open
  /// Whether nghttp2 has put this stream's DATA off until there is some.
  var isDeferred = false
  /// Whether nghttp2 has nothing to remember of this stream's DATA: its source was dry behind the
  /// last frame. What comes next is submitted anew.
  var isDetached = false
  package internal(set) var isClosed = false
  /// Whether a drained queue still has to be reported.
  var wantsDrainEvent = false
  /// Whether the peer is told to stop sending once this side has ended (RFC 9113, 8.1).
  var resetsAfterEnd = false
  /// Whether the peer's side has ended.
  package internal(set) var isPeerEnded = false
  /// Whether a client's request has been framed: before that the server cannot know of it.
  package internal(set) var isRequestSent = false
  /// Index in the session's table.
  var slot = -1
  /// Where more comes from when the queue is empty, and the stream's place there.
  package var source: (any HTTP2Source)?
  package var sourceSlot = 0

  init(id: Int32) { self.id = id }

  /// Whether more may be queued.
  var isOpen: Bool { if case .open = end { true } else { false } }

  /// Submits the trailers that stand behind the queue; false when there are none or nghttp2 cannot.
  func submitTrailers(_ handle: OpaquePointer?) -> Bool {
    let code: Int32 =
      switch end {
      case .trailers(let trailers):
        trailers.withNameValues {
          nghttp2_submit_trailer(handle, id, $0.baseAddress, $0.count)
        }
      case .fixedTrailers(let trailers):
        nghttp2_submit_trailer(handle, id, trailers.pairs.baseAddress, trailers.pairs.count)
      case .open, .endStream, .submitted: -1
      }
    guard code == 0 else { return false }
    end = .submitted
    return true
  }

  /// Queues bytes of DATA without telling the session; the array is shared, not copied.
  package func append(_ bytes: [UInt8]) {
    if queuedByteCount == 0 {
      first = bytes
      firstOffset = 0
    } else {
      if rest == nil { rest = Deque() }
      rest?.append(bytes)
    }
    queuedByteCount += bytes.count
  }

  /// Appends the next bytes of the queue to `output`.
  func take(_ byteCount: Int, into output: inout [UInt8]) {
    var missing = byteCount
    while missing > 0 {
      let taken = min(missing, first.count - firstOffset)
      output.append(contentsOf: first[firstOffset..<firstOffset + taken])
      missing -= taken
      firstOffset += taken
      guard firstOffset == first.count else { break }
      firstOffset = 0
      first = []
      guard let next = rest?.popFirst() else { break }
      first = next
    }
    queuedByteCount -= byteCount - missing
  }

  func dropQueue() {
    source = nil
    first = []
    rest = nil
    queuedByteCount = 0
    firstOffset = 0
  }
}
