// Asks the server to stop what a session is doing. Knows nothing of queries: the pipeline decides
// when it is safe to ask.

internal import CPostgres
internal import Reactor

/// One `PQcancel`, which opens a connection of its own and blocks.
///
/// It runs on a thread: before libpq 17 the session's cancel key is not readable, so the request
/// cannot be sent through a nonblocking socket of ours, and a loop must not block. A session has at
/// most one request under way, so there are never more of these threads than connections.
final class CancelRequest: @unchecked Sendable {
  // SAFETY: made on the loop, then used by its thread alone; the handle is libpq's copy of the
  // server's address and key, which PQcancel documents as usable from any thread.
  private let handle: OpaquePointer

  /// Takes ownership of the handle.
  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { PQfreeCancel(handle) }

  /// `completion` runs on the loop once the server has closed the request's connection (the signal
  /// was sent) or could not be reached. False when no thread could be started; then it never runs.
  func send(on loop: EventLoop, completion: @escaping @Sendable () -> Void) -> Bool {
    OSThread.start {
      var text = [CChar](repeating: 0, count: 256)
      // A failure shows as the query not ending; the pipeline asks again and then gives up.
      _ = PQcancel(self.handle, &text, Int32(text.count))
      loop.execute(completion)
    }
  }
}
