// Name resolution off the loops: getaddrinfo blocks.

import CLinux
import Glibc
import Reactor

enum Resolver {
  private final class Job: Sendable {
    let target: Endpoint
    let done: @Sendable (Result<[SocketAddress], SystemError>) -> Void

    init(
      _ target: Endpoint, _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
    ) {
      self.target = target
      self.done = done
    }

    func run() {
      do throws(SystemError) {
        done(.success(try addresses(of: target)))
      } catch {
        done(.failure(error))
      }
    }
  }

  /// Resolves on a thread of its own and calls back there.
  static func resolve(
    _ target: Endpoint, _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) {
    // SAFETY: the retained job is taken back exactly once, by the thread or on failure below.
    let context = Unmanaged.passRetained(Job(target, done)).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<Job>.fromOpaque(context).release()
      return done(.failure(SystemError(call: "pthread_create", code: code)))
    }
    pthread_detach(thread)
  }

  private static func addresses(of target: Endpoint) throws(SystemError) -> [SocketAddress] {
    switch target {
    case .tcp(let address): return try SocketAddress.resolve(address, passive: false)
    case .unix(let path):
      guard let address = SocketAddress(unixPath: path) else {
        throw SystemError(call: "connect", code: ENAMETOOLONG)
      }
      return [address]
    }
  }
}
