// Where the events of a watched show go: JSON lines, text lines, one still, or the live screen.

import UsherProtos

/// Takes what a watcher learns.
protocol WatchSink: Sendable {
  /// An event, and the map with it.
  func receive(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) throws(Failure)
  /// The stream broke and is asked for again after a pause.
  func lost(_ reason: String, pause: Duration, version: Int64)
  /// There is a connection again; events follow when there are any.
  func resumed()
  /// Nothing follows.
  func close()
}

extension WatchSink {
  func resumed() {}
  func close() {}
}

/// One JSON object per event.
struct JSONSink: WatchSink {
  let output: Output

  func receive(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) throws(Failure) {
    try output.print(event: event)
  }

  func lost(_ reason: String, pause: Duration, version: Int64) {
    output.lost(reason, pause, version)
  }
}

/// One line per event.
struct LineSink: WatchSink {
  let output: Output

  func receive(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) throws(Failure) {
    guard let line = ChangeText.line(event, map) else { return }
    try output.print(lines: [output.style.clean(line)])
  }

  func lost(_ reason: String, pause: Duration, version: Int64) {
    output.lost(reason, pause, version)
  }
}

/// The map as it is with the first event.
struct StillSink: WatchSink {
  let output: Output
  let terms: Usher.V1.GetShowResponse

  func receive(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap) throws(Failure) {
    let drawing = SeatMapDrawing(map, of: terms, style: output.style)
    try output.print(lines: drawing.lines(width: Console.width))
  }

  func lost(_ reason: String, pause: Duration, version: Int64) {
    output.lost(reason, pause, version)
  }
}

extension Output {
  fileprivate func lost(_ reason: String, _ pause: Duration, _ version: Int64) {
    notice(
      "the stream broke (\(reason)); resuming after version \(version) in \(Clock.span(pause))")
  }
}
