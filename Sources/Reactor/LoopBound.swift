// A value that may travel anywhere but be touched on its loop only.

/// Carries loop-confined state through `Sendable` code; access off the loop is our bug and traps.
package struct LoopBound<Value>: @unchecked Sendable {
  // SAFETY: every access checks that it runs on the loop's thread, so the value never sees two
  // threads; the wrapper's copies share nothing else.
  private let stored: Value
  /// The loop that owns the value.
  package let loop: EventLoop

  /// Binds a value to a loop; the caller must hand over its only reference from off the loop.
  package init(_ value: Value, loop: EventLoop) {
    self.stored = value
    self.loop = loop
  }

  /// The value. Loop only.
  package var value: Value {
    precondition(loop.isInside, "loop-bound value touched off its loop")
    return stored
  }
}
