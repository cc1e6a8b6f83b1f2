// A listening socket on one loop: accepts connections and hands them over.

import CLinux
import Glibc
import Reactor

final class Listener {
  private let fd: Int32
  private let loop: EventLoop
  private var registration: Registration?
  private var isClosed = false
  private let onAccept: (Int32, SocketAddress) -> Void
  private let onPause: (SystemError) -> Void

  /// Takes ownership of a listening socket. `onPause` is told when accepting had to stop for a
  /// while, for example for lack of descriptors.
  init(
    fd: Int32, loop: EventLoop, onAccept: @escaping (Int32, SocketAddress) -> Void,
    onPause: @escaping (SystemError) -> Void
  ) {
    self.fd = fd
    self.loop = loop
    self.onAccept = onAccept
    self.onPause = onPause
  }

  deinit { if !isClosed { Glibc.close(fd) } }

  func start() throws(SystemError) {
    registration = try loop.register(fd, .read) { [weak self] _ in self?.acceptSome() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    registration?.cancel()
    Glibc.close(fd)
  }

  private func acceptSome() {
    for _ in 0..<Limits.acceptsPerBatch where !isClosed {
      do throws(SystemError) {
        guard let (client, peer) = try Socket.accept(fd) else { return }
        onAccept(client, peer)
      } catch {
        return pause(error)
      }
    }
  }

  /// The connection stays in the kernel's queue; a level-triggered loop would spin on it.
  private func pause(_ error: SystemError) {
    onPause(error)
    registration?.update([])
    loop.schedule(after: Limits.acceptPause) { [weak self] in
      self?.registration?.update(.read)
    }
  }
}
