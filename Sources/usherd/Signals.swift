// Signals as events: a handler writes their numbers to a pipe that a loop reads. Blocking them and
// reading a signalfd is not possible here: the main thread of a Swift program sleeps with every
// signal unblocked.

import CLinux
import Glibc
import Reactor
import Synchronization

enum Signals {
  private static let writeEnd = Atomic<Int32>(-1)

  /// Waits on a loop for the next SIGTERM or SIGINT. The one after it ends the process at once.
  static func next(on loop: EventLoop) async throws(SystemError) -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .last("pipe") }
    let readEnd = ends[0]
    writeEnd.store(ends[1], ordering: .releasing)
    for number in [SIGTERM, SIGINT] { signal(number, note) }
    let result = await loop.run { await firstByte(readEnd, loop) }
    for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    return Int32(try result.get())
  }

  /// Runs in signal context: one atomic load and one write.
  private static let note: @convention(c) (Int32) -> Void = { number in
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(writeEnd.load(ordering: .acquiring), &byte, 1)
  }

  private static func firstByte(
    _ fd: Int32, _ loop: EventLoop
  ) async -> Result<UInt8, SystemError> {
    let holder = Holder()
    return await withCheckedContinuation { continuation in
      do throws(SystemError) {
        holder.registration = try loop.register(fd, .read) { _ in
          var byte: UInt8 = 0
          guard read(fd, &byte, 1) == 1 else { return }
          holder.registration?.cancel()
          continuation.resume(returning: .success(byte))
        }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }

  private final class Holder { var registration: Registration? }
}
