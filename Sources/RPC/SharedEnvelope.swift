// A message in its envelope, made once and sent on many calls. Knows neither calls nor topics.

package import ProtoWire
import Synchronization

/// Encoded bytes that many calls share, and their gzip form, which is made once when the first call
/// wants it. Any thread.
package final class SharedEnvelope: Sendable {
  /// The message in its envelope, as `ProtoMessage.envelope()` makes it.
  package let bytes: [UInt8]
  private let gzip = Mutex<[UInt8]?>(nil)

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Encodes a message.
  package convenience init(_ message: some ProtoMessage) { self.init(message.envelope()) }

  /// The same message compressed, or as it is when compression gains nothing.
  package var compressed: [UInt8] {
    gzip.withLock { gzip in
      if let gzip { return gzip }
      let made = Gzip.envelope(bytes)
      gzip = made
      return made
    }
  }
}
