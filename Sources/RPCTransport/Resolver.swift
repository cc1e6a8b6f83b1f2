// Name resolution off the loops: getaddrinfo blocks.

import CLinux
import Glibc
import Reactor

/// An address to connect to, and whose it is.
struct ResolvedAddress: Sendable {
  let socket: SocketAddress
  /// The numeric address, which tells this one from others.
  let name: String
  /// What was resolved: the name its server answers to.
  let endpoint: Endpoint
}

/// Turns what a target names into addresses.
struct Resolver: Sendable {
  /// Replaces name servers in tests: other endpoints to resolve in place of one.
  let lookUp: (@Sendable (Endpoint) -> [Endpoint])?

  private final class Job: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Resolves on a thread of its own and calls back there. What cannot be resolved is left out
  /// unless nothing else is there.
  func resolve(
    _ endpoints: [Endpoint],
    _ done: @escaping @Sendable (Result<[ResolvedAddress], SystemError>) -> Void
  ) {
    let job = Job { done(self.addresses(endpoints)) }
    // SAFETY: the retained job is taken back exactly once, by the thread or on failure below.
    let context = Unmanaged.passRetained(job).toOpaque()
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

  private func addresses(_ endpoints: [Endpoint]) -> Result<[ResolvedAddress], SystemError> {
    var found: [ResolvedAddress] = []
    var failure = SystemError(call: "getaddrinfo", code: ENOENT)
    for endpoint in endpoints {
      for place in lookUp?(endpoint) ?? [endpoint] {
        do throws(SystemError) {
          found += try Self.addresses(place).map {
            ResolvedAddress(
              socket: $0, name: $0.isUnix ? place.description : $0.hostPort.description,
              endpoint: endpoint)
          }
        } catch {
          failure = error
        }
      }
    }
    var seen: Set<String> = []
    let distinct = found.filter { seen.insert($0.name).inserted }.prefix(Limits.addresses)
    return distinct.isEmpty ? .failure(failure) : .success(Array(distinct))
  }

  private static func addresses(_ endpoint: Endpoint) throws(SystemError) -> [SocketAddress] {
    switch endpoint {
    case .tcp(let address): return try SocketAddress.resolve(address, passive: false)
    case .unix(let path):
      guard let address = SocketAddress(unixPath: path) else {
        throw SystemError(call: "connect", code: ENAMETOOLONG)
      }
      return [address]
    }
  }
}
