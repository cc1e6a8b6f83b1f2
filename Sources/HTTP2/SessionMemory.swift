// Memory for nghttp2: what it frees is kept for what it asks for next. Knows no session.

import CNghttp2
import Glibc

/// Blocks that the sessions of one loop have freed, by size. Confined to that loop.
///
/// nghttp2 asks for some eight blocks a call, and the calls of a batch end together: more blocks at
/// once than the system's allocator keeps at hand.
package final class SessionMemory {
  /// What stands in front of a block: 16 bytes, so that blocks are aligned as `malloc` aligns.
  private struct Header {
    var capacity: Int
    /// The next free block of the same capacity, while this one is free.
    var next: UnsafeMutablePointer<Header>?
  }

  private static let stepBytes = 32
  private static let largestBytes = 1024
  /// The first free block of each capacity, by the number of steps.
  private let free = UnsafeMutableBufferPointer<UnsafeMutablePointer<Header>?>.allocate(
    capacity: largestBytes / stepBytes + 1)
  /// Bytes in the blocks that are free.
  private(set) var freeByteCount = 0

  package init() { free.initialize(repeating: nil) }

  deinit {
    for first in free {
      var next = first
      while let header = next {
        next = header.pointee.next
        Glibc.free(header)
      }
    }
    free.deallocate()
  }

  func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount <= Self.largestBytes else { return Self.allocate(capacity: byteCount) }
    let steps = (max(1, byteCount) + Self.stepBytes - 1) / Self.stepBytes
    guard let header = free[steps] else {
      return Self.allocate(capacity: steps * Self.stepBytes)
    }
    free[steps] = header.pointee.next
    freeByteCount -= header.pointee.capacity
    return UnsafeMutableRawPointer(header + 1)
  }

  private static func allocate(capacity: Int) -> UnsafeMutableRawPointer? {
    let (byteCount, overflow) = capacity.addingReportingOverflow(MemoryLayout<Header>.size)
    guard !overflow, let memory = malloc(byteCount) else { return nil }
    let header = memory.bindMemory(to: Header.self, capacity: 1)
    header.initialize(to: Header(capacity: capacity, next: nil))
    return UnsafeMutableRawPointer(header + 1)
  }

  func deallocate(_ block: UnsafeMutableRawPointer?) {
    guard let header = Self.header(block) else { return }
    let capacity = header.pointee.capacity
    guard capacity <= Self.largestBytes, freeByteCount < Limits.freeSessionBytes else {
      return Glibc.free(header)
    }
    let steps = capacity / Self.stepBytes
    header.pointee.next = free[steps]
    free[steps] = header
    freeByteCount += capacity
  }

  func reallocate(
    _ block: UnsafeMutableRawPointer?, _ byteCount: Int
  ) -> UnsafeMutableRawPointer? {
    guard let block, let header = Self.header(block) else { return allocate(byteCount) }
    guard byteCount > header.pointee.capacity else { return block }
    guard let larger = allocate(byteCount) else { return nil }
    larger.copyMemory(from: block, byteCount: header.pointee.capacity)
    deallocate(block)
    return larger
  }

  private static func header(
    _ block: UnsafeMutableRawPointer?
  ) -> UnsafeMutablePointer<Header>? {
    // SAFETY: nghttp2 gives back what `allocate` returned, and a header stands in front of that.
    block.map { $0.assumingMemoryBound(to: Header.self) - 1 }
  }

  /// The allocator in the form nghttp2 takes. Whoever gives it to a session keeps this object until
  /// the session is deleted.
  var functions: nghttp2_mem {
    nghttp2_mem(
      // SAFETY: see above; the functions below are called with this pointer and no other.
      mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
      malloc: { byteCount, context in withMemory(context) { $0.allocate(byteCount) } },
      free: { block, context in
        _ = withMemory(context) { memory in
          memory.deallocate(block)
          return nil
        }
      },
      calloc: { count, size, context in
        withMemory(context) { memory in
          let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
          guard !overflow, let block = memory.allocate(byteCount) else { return nil }
          return memset(block, 0, byteCount)
        }
      },
      realloc: { block, byteCount, context in
        withMemory(context) { $0.reallocate(block, byteCount) }
      })
  }
}

/// Runs a body with the memory of an allocation.
private func withMemory(
  _ context: UnsafeMutableRawPointer?, _ body: (SessionMemory) -> UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  // SAFETY: `functions` put the object there, and the session's owner keeps it.
  return Unmanaged<SessionMemory>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
}
