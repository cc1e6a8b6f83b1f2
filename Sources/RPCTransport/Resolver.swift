// Name resolution off the loops: getaddrinfo blocks.

import CLinux
import Glibc
import Reactor

enum Resolver {
  private final class Job: Sendable {
    let target: HostPort
    let done: @Sendable (Result<[SocketAddress], SystemError>) -> Void

    init(
      _ target: HostPort, _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
    ) {
      self.target = target
      self.done = done
    }
  }

  /// Resolves on a thread of its own and calls back there.
  static func resolve(
    _ target: HostPort, _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) {
    // SAFETY: the retained job is taken back exactly once, by the thread or on failure below.
    let context = Unmanaged.passRetained(Job(target, done)).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        let job = Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
        do throws(SystemError) {
          job.done(.success(try SocketAddress.resolve(job.target, passive: false)))
        } catch {
          job.done(.failure(error))
        }
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<Job>.fromOpaque(context).release()
      return done(.failure(SystemError(call: "pthread_create", code: code)))
    }
    pthread_detach(thread)
  }
}
