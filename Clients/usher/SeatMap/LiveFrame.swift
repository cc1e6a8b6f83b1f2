// What the live map shows at a moment, laid out for a terminal of a size. Pure.

import UsherProtos

struct LiveFrame {
  private let terms: Usher.V1.GetShowResponse
  private let style: Style
  private var map: SeatMap?
  /// The last changes, the newest first.
  private var ticker: [String] = []
  private var lastEvent = ""
  /// Set while the stream is broken.
  var trouble: String?
  private var offset = (columns: 0, lines: 0)

  /// What is set aside stays as the terms have it: no event tells of it.
  init(_ terms: Usher.V1.GetShowResponse, style: Style) {
    self.terms = terms
    self.style = style
  }

  /// Takes an event, received at a time of day.
  mutating func take(_ event: Usher.V1.WatchSeatMapResponse, _ map: SeatMap, at time: String) {
    self.map = map
    trouble = nil
    lastEvent = time
    switch event.event {
    case .change(let change): note("\(time)  v\(change.version)  \(ChangeText.seats(change))")
    case .snapshot(let snapshot) where snapshot.resumeImpossible:
      note("\(time)  v\(snapshot.version)  map loaded anew; changes may have been missed")
    default: break
    }
  }

  private mutating func note(_ text: String) {
    ticker.insert(style.clean(text), at: 0)
    ticker = Array(ticker.prefix(Limits.tickerLines))
  }

  /// Moves the map where it does not fit.
  mutating func scroll(columns: Int, lines: Int) {
    offset.columns = max(0, min(offset.columns + columns, Int(SeatGrid.limit)))
    offset.lines = max(0, min(offset.lines + lines, Int(SeatGrid.limit)))
  }

  /// The map as it stays on the terminal afterwards.
  func still(width: Int?) -> [String] {
    map.map { SeatMapDrawing($0, of: terms, style: style).lines(width: width) } ?? []
  }

  /// At most `lines` lines: heading, as much of map and legend as fits, counts, last changes,
  /// state of the connection.
  mutating func lines(columns: Int, lines: Int) -> [String] {
    guard let map else { return ["connecting" + (style.unicode ? "…" : "...")] }
    let drawing = SeatMapDrawing(map, of: terms, style: style)
    let isShort = lines < 24
    let heading = isShort ? [drawing.heading[0], drawing.heading[3]] : drawing.heading + [""]
    let footer = footer(drawing.map, columns, isShort: isShort)
    let room = lines - heading.count - footer.count - 1
    guard room > 0 else { return Array((footer + [status(columns)]).suffix(lines)) }
    let middle = window(body(drawing, columns) + [""] + drawing.legend(width: columns), room)
    let rest = Array(repeating: "", count: room - middle.count)
    return heading.map { fit($0, columns) } + middle + footer + rest + [status(columns)]
  }

  /// Counts and the last changes.
  private func footer(_ map: SeatMap, _ columns: Int, isShort: Bool) -> [String] {
    let shown = ticker.prefix(isShort ? 2 : Limits.tickerLines)
    return [style.paint(fit(map.countsText, columns), .strong)] + (isShort ? [] : [""])
      + shown.map { fit($0, columns) }
  }

  /// Whether the map is live; the last line of the terminal.
  private func status(_ columns: Int) -> String {
    let live = ["live", "last event \(lastEvent)", "q ends, arrows move"]
      .joined(separator: style.dot)
    let trouble = trouble.map { style.paint(fit(style.clean($0), columns), .alarm) }
    return trouble ?? style.paint(fit(live, columns), .dim)
  }

  /// The map in one piece, or the piece that the arrow keys chose.
  private mutating func body(_ drawing: SeatMapDrawing, _ columns: Int) -> [String] {
    let panels = drawing.panels(width: columns)
    guard panels.count > 1, let first = panels.first, let last = panels.last else {
      return drawing.body(width: columns)
    }
    let width = first.columns.count
    let end = last.columns.upperBound
    offset.columns = min(offset.columns, end - width - first.columns.lowerBound)
    let start = first.columns.lowerBound + offset.columns
    let panel = SeatMapDrawing.Panel(columns: start..<start + width, step: 1)
    return [drawing.caption(panel, columns)] + drawing.body(panel)
  }

  /// As many lines as fit, from the offset on.
  private mutating func window(_ lines: [String], _ room: Int) -> [String] {
    guard lines.count > room else {
      offset.lines = 0
      return lines
    }
    offset.lines = min(offset.lines, lines.count - room)
    var visible = Array(lines[offset.lines..<offset.lines + room])
    let below = lines.count - offset.lines - room
    if below > 0, room > 2 {
      visible[room - 1] = style.paint("(\(below + 1) more lines below)", .dim)
    }
    return visible
  }

  /// Only for text without colours.
  private func fit(_ text: String, _ width: Int) -> String {
    text.contains("\u{1b}") ? text : TextWidth.fit(text, width, mark: style.ellipsis)
  }
}
