// One stream of a session: what waits to be sent on it, and whom it belongs to.

import CNghttp2
import DequeModule

/// Where a stream's DATA comes from when it is not queued: asked when the peer can take some.
package protocol HTTP2Source: AnyObject {
  /// Appends to the stream what there is, whole chunks until `byteCount` is reached. Runs inside
  /// nghttp2: it must not touch the session.
  func refill(_ stream: HTTP2Stream, slot: Int, byteCount: Int)
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
  }

  /// Identifier of the stream; 0 until a client's request has been submitted.
  package internal(set) var id: Int32
  /// The layer above; the stream keeps it alive.
  package var attachment: AnyObject?
  /// Bytes queued and not yet framed.
  package private(set) var queuedByteCount = 0
  var queue = Deque<[UInt8]>()
  /// Bytes of the queue's first chunk that have been framed.
  var firstOffset = 0
  var end = OutboundEnd.open
  /// Whether nghttp2 has put this stream's DATA off until there is some.
  var isDeferred = false
  package internal(set) var isClosed = false
  /// Whether a drained queue still has to be reported.
  var wantsDrainEvent = false
  /// Whether the peer is told to stop sending once this side has ended (RFC 9113, 8.1).
  var resetsAfterEnd = false
  /// Whether the peer's side has ended.
  package internal(set) var isPeerEnded = false
  /// Whether a client's request has been framed: before that the server cannot know of it.
  package internal(set) var isRequestSent = false
  var headers = HeaderBlock()
  /// Where more comes from when the queue is empty, and the stream's place there.
  package var source: (any HTTP2Source)?
  package var sourceSlot = 0

  init(id: Int32) { self.id = id }

  /// Queues bytes of DATA without telling the session; the array is shared, not copied.
  package func append(_ bytes: [UInt8]) {
    queue.append(bytes)
    queuedByteCount += bytes.count
  }

  func take(_ byteCount: Int, _ consume: (UnsafeRawBufferPointer) -> Void) {
    var missing = byteCount
    while missing > 0, let first = queue.first {
      let taken = min(missing, first.count - firstOffset)
      first.withUnsafeBytes {
        consume(UnsafeRawBufferPointer(rebasing: $0[firstOffset...].prefix(taken)))
      }
      missing -= taken
      firstOffset += taken
      if firstOffset == first.count {
        queue.removeFirst()
        firstOffset = 0
      }
    }
    queuedByteCount -= byteCount
  }

  func dropQueue() {
    source = nil
    queue.removeAll()
    queuedByteCount = 0
    firstOffset = 0
  }
}
