// Ctrl-C and its kin. Signals are blocked in every thread and taken by the main one, which only
// waits for them, so that what they do is ordinary code.

import Foundation
import Synchronization

enum Signals {
  private struct State {
    var farewell: String?
    var interruption: (@Sendable (Int32) -> Void)?
    var leaveScreen: (@Sendable () -> Void)?
    var enterScreen: (@Sendable () -> Void)?
    var redraw: (@Sendable () -> Void)?
  }

  private static let state = Mutex(State())

  /// To be called before any other thread exists: threads inherit the mask. A pipe that nobody reads any
  /// more is an error of the write, so that a command can clear up.
  static func block() {
    signal(SIGPIPE, SIG_IGN)
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
  private static func setInterruption(_ act: (@Sendable (Int32) -> Void)?) {
    state.withLock { $0.interruption = act }
  }

  /// Runs a body that ends early when `stop` is called, which the first interruption does. A second
  /// one ends the program at once. Returns also how the command ends if there was an interruption.
  static func stopping<R: Sendable>(
    _ stop: @escaping @Sendable () -> Void, _ body: () async -> R
  ) async -> (result: R, interruption: Exit?) {
    let interruption = Interruption()
    setInterruption { signal in
      interruption.note(Exit(signal: signal))
      stop()
    }
    let result = await body()
    setInterruption(nil)
    return (result, interruption.exit)
  }

  /// Runs a body that is cancelled by the first interruption. A second one ends the program at once.
  static func cancelling<R: Sendable>(
    _ body: @escaping @Sendable () async -> R
  ) async -> (result: R, interruption: Exit?) {
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
      if let interruption = state.interruption { return interruption(signal) }
      state.leaveScreen?()
      if let farewell = state.farewell { Console.error("\n" + farewell + "\n") }
      _exit(128 + signal)
    }
  }
}

/// The interruption of a body, which happens once or never.
private final class Interruption: Sendable {
  private let state = Mutex<Exit?>(nil)

  var exit: Exit? { state.withLock { $0 } }

  func note(_ exit: Exit) { state.withLock { $0 = exit } }
}
