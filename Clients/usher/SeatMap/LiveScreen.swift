// The live map: takes the terminal over, redraws in place, gives it back whatever happens.

import Foundation
import Synchronization
import UsherProtos

/// A map on the terminal's alternate screen. Any thread may tell it to draw.
final class LiveScreen: WatchSink {
  private struct State {
    var frame: LiveFrame
    var isOpen = true
    /// The terminal's settings before; nil when input is no terminal.
    var terminal: termios?
  }

  private let state: Mutex<State>

  init(_ terms: Usher.V1.GetShowResponse, style: Style) {
    state = Mutex(State(frame: LiveFrame(terms, style: style)))
    enter()
    Signals.setScreen(
      leave: { [self] in leave() }, enter: { [self] in enter() }, redraw: { [self] in redraw() })
    Thread.detachNewThread { [self] in readKeys() }
  }

  // MARK: WatchSink

  func receive(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) throws(Failure) {
    state.withLock { $0.frame.take(event, map, at: Clock.timeOfDay()) }
    redraw()
  }

  func lost(_ reason: String, pause: Duration, version: Int64) {
    state.withLock {
      $0.frame.trouble = "not live: \(reason); trying again in \(Clock.span(pause))"
    }
    redraw()
  }

  func resumed() {
    state.withLock { $0.frame.trouble = "connected again; waiting for news" }
    redraw()
  }

  /// Gives the terminal back and leaves the last map on it.
  func close() {
    Signals.setScreen(leave: nil, enter: nil, redraw: nil)
    leave()
    let still = state.withLock { $0.frame.still(width: Console.width) }
    try? Console.write(still.map { $0 + "\n" }.joined())
  }

  // MARK: Terminal

  /// Alternate screen, no cursor, no line wrap; no echo and no line editing of input.
  private func enter() {
    state.withLock { state in
      state.isOpen = true
      var settings = termios()
      if tcgetattr(0, &settings) == 0 {
        state.terminal = settings
        settings.c_lflag &= ~tcflag_t(ECHO | ICANON)
        tcsetattr(0, TCSANOW, &settings)
      }
    }
    try? Console.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[2J")
  }

  private func leave() {
    let wasOpen = state.withLock { state in
      defer { state.isOpen = false }
      if var settings = state.terminal { tcsetattr(0, TCSANOW, &settings) }
      return state.isOpen
    }
    if wasOpen { try? Console.write("\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l") }
  }

  private func redraw() {
    guard let size = Console.size else { return }
    state.withLock { state in
      guard state.isOpen else { return }
      let lines = state.frame.lines(columns: size.columns, lines: size.lines)
      let text = lines.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n")
      // One write per frame, between the marks of a synchronized update, does not flicker.
      try? Console.write("\u{1b}[?2026h\u{1b}[H\(text)\u{1b}[J\u{1b}[?2026l")
    }
  }

  // MARK: Keys

  private func readKeys() {
    guard Console.isTerminal(0) else { return }
    var bytes = [UInt8](repeating: 0, count: 32)
    while true {
      let count = read(0, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      take(String(decoding: bytes[..<count], as: UTF8.self))
    }
  }

  private func take(_ keys: String) {
    let moves = ["[A": (0, -1), "[B": (0, 1), "[C": (8, 0), "[D": (-8, 0)]
    if keys.contains("q") {
      close()
      exit(0)
    }
    for (key, move) in moves where keys.contains("\u{1b}" + key) {
      state.withLock { $0.frame.scroll(columns: move.0, lines: move.1) }
    }
    redraw()
  }
}
