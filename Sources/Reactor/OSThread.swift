// Short-lived or long-blocking work on a thread of its own: what must not block a loop and has no
// nonblocking form. Each use says how many threads it can add up to.

internal import CLinux

/// A detached thread that runs one closure.
package enum OSThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts the thread; false when the system has none left, and then the closure never runs.
  /// The corresponding C function is `pthread_create`.
  package static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackBytes)
    var thread = pthread_t()
    // SAFETY: the retained body is taken back exactly once, by the thread or on failure below.
    let body = Unmanaged.passRetained(Body(run))
    let code = pthread_create(
      &thread, &attributes,
      { context in
        guard let context else { return nil }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    if code != 0 { body.release() }
    return code == 0
  }

  /// Room for a blocking system call and its libraries, not for work.
  private static let stackBytes = 256 << 10
}
