// Where the answer to a call breaks off, as on a line that is cut: for trying out what callers make of it.
// The handler does its work and does not know.

/// What is still sent of an answer before it breaks off. Confined to its call's loop.
final class BreakingPoint {
  /// Messages that are still sent. With none the answer is lost, whatever it is; after the last of several
  /// the call ends at once.
  private(set) var messagesLeft: Int
  /// What the caller is told in the end.
  let error: RPCError

  init(messagesLeft: Int, _ error: RPCError) {
    self.messagesLeft = messagesLeft
    self.error = error
  }

  /// Whether nothing more is sent.
  var isReached: Bool { messagesLeft <= 0 }

  /// Counts a message; false when it is not to be sent.
  func lets() -> Bool {
    guard !isReached else { return false }
    messagesLeft -= 1
    return true
  }
}
