// Draws a seat map as a person would: the screen, the rows below it labelled at both ends, aisles
// where there are no seats.

import UsherProtos

struct SeatMapDrawing {
  let map: SeatMap
  /// Nil when only the seats are known.
  let show: Usher.V1.Show?
  let style: Style
  let tiers: Tiers
  private let grid: SeatGrid

  init(
    _ map: SeatMap, show: Usher.V1.Show?, setAside: [Usher.V1.SetAside] = [], style: Style
  ) {
    self.map = map.with(SetAsideSeats(setAside))
    self.show = show
    self.style = style
    tiers = Tiers(show?.prices ?? [], seats: map.seats)
    grid = SeatGrid(map.seats)
  }

  /// Of a show whose terms are known.
  init(_ map: SeatMap, of terms: Usher.V1.GetShowResponse, style: Style) {
    self.init(map, show: terms.show ?? .init(), setAside: terms.setAside, style: style)
  }

  /// The whole still: heading, map, legend, counts.
  func lines(width: Int?) -> [String] {
    heading + [""] + body(width: width) + [""] + legend(width: width)
      + [style.paint(map.countsText, .strong)]
  }

  // MARK: Heading

  /// What, where, when, and the version.
  var heading: [String] {
    guard let show else { return ["Map version \(map.version)"] }
    let title = [show.title, show.format, show.language].filter { !$0.isEmpty }
    let place = ["\(show.theatreName), \(show.cityName)", show.auditoriumName]
    let state = [
      "Show \(show.showId)", CatalogTables.sales(show.salesState), "map version \(map.version)",
    ]
    return [
      style.paint(joined(title), .strong), joined(place), style.clean(show.startText),
      joined(state),
    ]
  }

  private func joined(_ parts: [String]) -> String {
    style.clean(parts.joined(separator: " \u{b7} ").replacing(" \u{b7} ", with: style.dot))
  }

  // MARK: Map

  /// How the map is laid on the terminal: a part of the columns, and one or two characters each.
  struct Panel: Equatable {
    let columns: Range<Int>
    let step: Int
  }

  /// The map in one piece, or where the terminal is too narrow in pieces from left to right.
  func panels(width: Int?) -> [Panel] {
    let columns = grid.columns
    let room = max(10, (width ?? .max) - marginWidth * 2 - 4)
    for step in [2, 1] where columns.count * step - (step - 1) <= room {
      return [Panel(columns: columns, step: step)]
    }
    return stride(from: columns.lowerBound, to: columns.upperBound, by: room).map {
      Panel(columns: $0..<min($0 + room, columns.upperBound), step: 1)
    }
  }

  /// The map without heading and legend.
  func body(width: Int?) -> [String] {
    guard !grid.columns.isEmpty else { return ["(no seats)"] }
    let panels = panels(width: width)
    let pieces = panels.map { panel in
      (panels.count > 1 ? [caption(panel, width)] : []) + body(panel)
    }
    return Array(pieces.joined(separator: [""])) + strayRemark
  }

  /// One piece of the map.
  func body(_ panel: Panel) -> [String] {
    let margin = String(repeating: " ", count: marginWidth + 2)
    let bar = margin + style.paint(bar(panel), .strong)
    let ruler = ruler(panel).map { margin + style.paint($0, .dim) }
    return [bar] + ruler + grid.lines.map { $0.map { line($0, panel) } ?? "" }
  }

  /// Which columns a piece shows, counted from the leftmost.
  func caption(_ panel: Panel, _ width: Int?) -> String {
    let first = panel.columns.lowerBound - grid.columns.lowerBound + 1
    let last = first + panel.columns.count - 1
    let text = "columns \(first)\(style.dash)\(last) of \(grid.columns.count)"
    return style.paint(TextWidth.fit(text, width ?? .max, mark: style.ellipsis), .dim)
  }

  private var strayRemark: [String] {
    grid.strayCount > 0 ? ["(\(grid.strayCount) seats have no place that can be drawn)"] : []
  }

  /// The screen or the stage, as wide as the seats.
  private func bar(_ panel: Panel) -> String {
    let width = panel.columns.count * panel.step - (panel.step - 1)
    let name = show.map { $0.kind == .film || $0.kind == .unspecified } ?? true ? "SCREEN" : "STAGE"
    guard width >= name.count + 4 else { return String(name.prefix(width)) }
    let mark = style.unicode ? "━" : "="
    let left = (width - name.count - 2) / 2
    let right = width - name.count - 2 - left
    return String(repeating: mark, count: left) + " \(name) "
      + String(repeating: mark, count: right)
  }

  /// Seat numbers over their columns, digits from top to bottom, where all rows agree on them.
  private func ruler(_ panel: Panel) -> [String] {
    guard let numbers = grid.ruler else { return [] }
    let digitsOf = numbers.mapValues { Array(style.clean($0)) }
    let height = digitsOf.values.map(\.count).max() ?? 0
    return (0..<height).map { level in
      let digits = panel.columns.map { column in
        let number = digitsOf[column] ?? []
        let place = level - (height - number.count)
        return place < 0 ? " " : String(number[place])
      }
      return trimmed(digits.joined(separator: panel.step == 2 ? " " : ""))
    }
  }

  private func line(_ line: SeatGrid.Line, _ panel: Panel) -> String {
    let (left, right) = margins(line)
    var text = style.paint(left, .dim) + "  "
    var run = ""
    var ink = Ink.plain
    for column in panel.columns {
      let seat = line.seats[column]
      let glyph = seat.map { SeatGlyph($0, map.setAside[$0]) }
      let wanted = glyph?.ink(tier: seat.flatMap { tiers[$0.tier] }) ?? ink
      if wanted != ink {
        text += style.paint(run, ink)
        (run, ink) = ("", wanted)
      }
      run.append(glyph?.rawValue ?? " ")
      if panel.step == 2, column + 1 < panel.columns.upperBound { run.append(" ") }
    }
    return text + style.paint(run, ink) + "  " + style.paint(trimmed(right), .dim)
  }

  // MARK: Margins

  /// Row labels, and where no ruler can say them the numbers of the outermost seats.
  private func margins(_ line: SeatGrid.Line) -> (left: String, right: String) {
    let label = style.clean(line.label)
    guard numberWidth > 0 else {
      return (TextWidth.pad(label, labelWidth, toRight: true), TextWidth.pad(label, labelWidth))
    }
    let first = TextWidth.pad(style.clean(line.firstNumber), numberWidth, toRight: true)
    let last = TextWidth.pad(style.clean(line.lastNumber), numberWidth)
    return (
      TextWidth.pad(label, labelWidth, toRight: true) + " " + first,
      last + " " + TextWidth.pad(label, labelWidth)
    )
  }

  private var labelWidth: Int {
    grid.lines.reduce(1) { max($0, TextWidth.of(style.clean($1?.label ?? ""))) }
  }

  private var numberWidth: Int {
    guard grid.ruler == nil else { return 0 }
    return grid.lines.reduce(0) { widest, line in
      [line?.firstNumber ?? "", line?.lastNumber ?? ""].reduce(widest) {
        max($0, TextWidth.of(style.clean($1)))
      }
    }
  }

  private var marginWidth: Int { labelWidth + (numberWidth > 0 ? numberWidth + 1 : 0) }

  private func trimmed(_ text: String) -> String {
    guard let last = text.lastIndex(where: { $0 != " " }) else { return "" }
    return String(text[...last])
  }
}
