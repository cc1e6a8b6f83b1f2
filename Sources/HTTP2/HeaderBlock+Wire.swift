// Header blocks in the form nghttp2 takes.

import Bytes
import CNghttp2

extension HeaderBlock {
  /// Runs a body with the fields in the form nghttp2 takes. The pointers are valid inside only.
  func withNameValues<R>(_ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> R) -> R {
    withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: count) { pairs in
      withFields { index, name, value in
        let flags = isOneOff(index) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
        pairs.initializeElement(
          at: index, to: nghttp2_nv(name, value, flags: UInt8(flags.rawValue)))
      }
      return body(pairs)
    }
  }
}

extension nghttp2_nv {
  fileprivate init(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, flags: UInt8
  ) {
    // SAFETY: nghttp2 declares the pointers mutable but never writes through them.
    self.init(
      name: UnsafeMutablePointer(mutating: name.baseAddress),
      value: UnsafeMutablePointer(mutating: value.baseAddress), namelen: name.count,
      valuelen: value.count, flags: flags)
  }
}

/// A header block that is sent again and again: laid out once, never copied, never freed.
package final class FixedHeaders: ExpressibleByDictionaryLiteral, @unchecked Sendable {
  // SAFETY: the memory is written in `init` alone and lives as long as the process, so that nghttp2
  // may refer to it at any time instead of copying.
  let pairs: UnsafeMutableBufferPointer<nghttp2_nv>

  /// Make few: they are never freed.
  package init(dictionaryLiteral fields: (StaticString, StaticString)...) {
    pairs = .allocate(capacity: fields.count)
    let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    for (index, field) in fields.enumerated() {
      pairs.initializeElement(
        at: index,
        to: nghttp2_nv(
          UnsafeBufferPointer(start: field.0.utf8Start, count: field.0.utf8CodeUnitCount),
          UnsafeBufferPointer(start: field.1.utf8Start, count: field.1.utf8CodeUnitCount),
          flags: UInt8(flags)))
    }
  }
}
