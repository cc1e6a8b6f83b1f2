// A listening socket on one loop: accepts connections and hands them over.

import CLinux
import Glibc
import Reactor

final class Listener {
  /// What befalls a listener besides connections.
  enum Event {
    /// Accepting stops for a while, for example for lack of descriptors; connections wait.
    case paused(SystemError)
    /// It goes on.
    case resumed
  }

  private let fd: Int32
  private let loop: EventLoop
  private let userTimeout: Duration
  private var registration: Registration?
  private var isClosed = false
  private var isPaused = false
  private let onAccept: (Int32, SocketAddress) -> Void
  private let onEvent: (Event) -> Void

  /// Takes ownership of a listening socket. `userTimeout` is that of accepted TCP connections.
  init(
    fd: Int32, loop: EventLoop, userTimeout: Duration,
    onAccept: @escaping (Int32, SocketAddress) -> Void, onEvent: @escaping (Event) -> Void
  ) {
    self.fd = fd
    self.loop = loop
    self.userTimeout = userTimeout
    self.onAccept = onAccept
    self.onEvent = onEvent
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
        guard let (client, peer) = try Socket.accept(fd, userTimeout: userTimeout) else { return }
        noteAccepting()
        onAccept(client, peer)
      } catch {
        return pause(error)
      }
    }
  }

  private func noteAccepting() {
    guard isPaused else { return }
    isPaused = false
    onEvent(.resumed)
  }

  /// The connection stays in the kernel's queue; a level-triggered loop would spin on it. Told once,
  /// however often the next attempt fails too.
  private func pause(_ error: SystemError) {
    if !isPaused {
      isPaused = true
      onEvent(.paused(error))
    }
    registration?.update([])
    loop.schedule(after: Limits.acceptPause) { [weak self] in
      self?.registration?.update(.read)
    }
  }
}
