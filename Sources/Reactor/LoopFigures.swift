// What a loop has in hand, for whoever watches over it.

/// Counts of one loop at one moment. All but the loop's own come back to where they were when the
/// work that caused them is over.
package struct LoopFigures: Sendable, Equatable {
  /// Tasks started by `spawn` that have not ended.
  package let taskCount: Int
  /// Timers that have neither fired nor been cancelled.
  package let timerCount: Int
  /// Descriptors in the epoll set, the loop's own wake-up included.
  package let registrationCount: Int
}
