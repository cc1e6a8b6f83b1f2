// Signals as events: a handler writes their numbers to a pipe that a loop reads. Blocking them and
// reading a signalfd is not possible here: the main thread of a Swift program sleeps with every
// signal unblocked.

import CLinux
import Glibc
import Reactor
import Synchronization

/// SIGTERM, SIGINT and SIGHUP from the moment this is made. One per process.
final class Signals: Sendable {
  private static let writeEnd = Atomic<Int32>(-1)
  private static let ending = [SIGTERM, SIGINT]

  private let loop: EventLoop
  private let readEnd: Int32

  init(on loop: EventLoop) throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .last("pipe") }
    // A pipe that is full drops a signal rather than block in a handler.
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    self.loop = loop
    readEnd = ends[0]
    Self.writeEnd.store(ends[1], ordering: .releasing)
    for number in Self.ending + [SIGHUP] { signal(number, Self.note) }
  }

  /// Waits for the next signal. After one that ends, the next of that kind ends the process at once.
  func next() async -> Int32 {
    let number = await loop.run { [readEnd, loop] in await Self.firstByte(readEnd, loop) }
    if Self.ending.contains(number) {
      for number in Self.ending { signal(number, SIG_DFL) }
    }
    return number
  }

  /// Runs in signal context: one atomic load and one write.
  private static let note: @convention(c) (Int32) -> Void = { number in
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(writeEnd.load(ordering: .acquiring), &byte, 1)
    errno = before
  }

  private static func firstByte(_ fd: Int32, _ loop: EventLoop) async -> Int32 {
    let holder = Holder()
    return await withCheckedContinuation { continuation in
      do throws(SystemError) {
        holder.registration = try loop.register(fd, .read) { _ in
          var byte: UInt8 = 0
          guard read(fd, &byte, 1) == 1 else { return }
          holder.registration?.cancel()
          continuation.resume(returning: Int32(byte))
        }
      } catch {
        // Without a descriptor to wait with nobody could end the server in good order.
        continuation.resume(returning: SIGTERM)
      }
    }
  }

  private final class Holder { var registration: Registration? }
}
