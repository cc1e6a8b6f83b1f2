// Ctrl-C and its kin. Signals are blocked in every thread and taken by the main one, which only
// waits for them, so that what they do is ordinary code.

import Foundation
import Synchronization

enum Signals {
  private struct State {
    var farewell: String?
    var interruption: (@Sendable () -> Void)?
    var leaveScreen: (@Sendable () -> Void)?
    var enterScreen: (@Sendable () -> Void)?
    var redraw: (@Sendable () -> Void)?
  }

  private static let state = Mutex(State())

  /// To be called before any other thread exists: threads inherit the mask.
  static func block() {
    var set = taken
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Takes signals until the process ends. The corresponding C function is `sigwait`.
  static func take() -> Never {
    var set = taken
    while true {
      var signal: Int32 = 0
      if sigwait(&set, &signal) == 0 { take(signal) }
    }
  }

  private static var taken: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP] { sigaddset(&set, signal) }
    return set
  }

  /// What to tell someone who interrupts now; nil for nothing.
  static func setFarewell(_ text: String?) { state.withLock { $0.farewell = text } }

  /// What the first interruption does instead of ending the program; nil ends it.
  private static func setInterruption(_ act: (@Sendable () -> Void)?) {
    state.withLock { $0.interruption = act }
  }

  /// Runs a body that ends early when `stop` is called, which the first interruption does. A second
  /// one ends the program at once. Returns also whether there was an interruption.
  static func stopping<R: Sendable>(
    _ stop: @escaping @Sendable () -> Void, _ body: () async -> R
  ) async -> (result: R, wasInterrupted: Bool) {
    let wasInterrupted = Flag()
    setInterruption {
      wasInterrupted.raise()
      stop()
    }
    let result = await body()
    setInterruption(nil)
    return (result, wasInterrupted.isRaised)
  }

  /// Runs a body that is cancelled by the first interruption. A second one ends the program at once.
  static func cancelling<R: Sendable>(
    _ body: @escaping @Sendable () async -> R
  ) async -> (result: R, wasInterrupted: Bool) {
    let (interruptions, continuation) = AsyncStream.makeStream(of: Void.self)
    return await stopping({ continuation.finish() }) {
      await withTaskGroup(of: R?.self) { group in
        group.addTask { await body() }
        group.addTask {
          for await _ in interruptions {}
          return nil
        }
        var result: R?
        // Whichever ends first ends the other.
        for await ended in group {
          if let ended { result = ended }
          group.cancelAll()
        }
        guard let result else { preconditionFailure("the body has a result") }
        return result
      }
    }
  }

  /// How to leave and enter a screen that was taken over, and to draw it at another size.
  static func setScreen(
    leave: (@Sendable () -> Void)?, enter: (@Sendable () -> Void)?,
    redraw: (@Sendable () -> Void)?
  ) {
    state.withLock {
      $0.leaveScreen = leave
      $0.enterScreen = enter
      $0.redraw = redraw
    }
  }

  private static func take(_ signal: Int32) {
    let state = state.withLock { state in
      defer { if [SIGINT, SIGTERM, SIGHUP].contains(signal) { state.interruption = nil } }
      return state
    }
    switch signal {
    case SIGWINCH: state.redraw?()
    case SIGTSTP:
      state.leaveScreen?()
      kill(getpid(), SIGSTOP)
      state.enterScreen?()
      state.redraw?()
    default:
      if let interruption = state.interruption { return interruption() }
      state.leaveScreen?()
      if let farewell = state.farewell { Console.error("\n" + farewell + "\n") }
      _exit(128 + signal)
    }
  }
}

/// Something that happens once.
private final class Flag: Sendable {
  private let state = Mutex(false)

  var isRaised: Bool { state.withLock { $0 } }

  func raise() { state.withLock { $0 = true } }
}
