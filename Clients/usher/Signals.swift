// Ctrl-C and its kin. Signals are blocked in every thread and taken by the main one, which only
// waits for them, so that what they do is ordinary code.

import Foundation
import Synchronization

enum Signals {
  private struct State {
    var farewell: String?
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
    let state = state.withLock { $0 }
    switch signal {
    case SIGWINCH: state.redraw?()
    case SIGTSTP:
      state.leaveScreen?()
      kill(getpid(), SIGSTOP)
      state.enterScreen?()
      state.redraw?()
    default:
      state.leaveScreen?()
      if let farewell = state.farewell { Console.error("\n" + farewell + "\n") }
      _exit(128 + signal)
    }
  }
}
