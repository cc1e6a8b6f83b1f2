// What stands under a seat map: letters, tiers with their prices and rows, and on request the
// labels of the free seats.

import UsherProtos

extension SeatMapDrawing {
  /// Letters, then a line per tier, then one for each part that is set aside.
  func legend(width: Int?) -> [String] { letters(width) + tierLines + setAsideLines }

  /// The letters that need explaining, on as many lines as the width takes.
  private func letters(_ width: Int?) -> [String] {
    let present = Set(map.seats.map { SeatGlyph($0, map.setAside[$0]) })
    let items = SeatGlyph.allCases
      .filter { $0.isAlwaysExplained || present.contains($0) }
      .map { "\($0.rawValue) \($0.meaning)" }
    return items.reduce(into: []) { lines, item in
      if let last = lines.last, last.count + 3 + item.count <= width ?? .max {
        lines[lines.count - 1] = last + "   " + item
      } else {
        lines.append(item)
      }
    }
  }

  private var tierLines: [String] {
    var names = 0
    var prices = 0
    let tiers = tiers.all.map { tier in
      let seats = map.seats.filter { $0.tier == tier.name }
      let name = style.clean(tier.name.isEmpty ? "(no tier)" : tier.name)
      let price = style.clean(tier.price?.text ?? "no price")
      names = max(names, TextWidth.of(name))
      prices = max(prices, TextWidth.of(price))
      return (name, price, seats)
    }
    return tiers.enumerated().filter { !$1.2.isEmpty }.map { index, tier in
      let (name, price, seats) = tier
      let free = seats.count(where: map.isFree)
      return style.paint(TextWidth.pad(name, names), .tier(index)) + "  "
        + TextWidth.pad(price, prices, toRight: true)
        + "  \(free) of \(seats.count) free, \(rows(seats))"
    }
  }

  /// `set aside for others until 2027-03-28 18:00Z: 30 of GOLD`.
  private var setAsideLines: [String] {
    map.setAside.all.map { one in
      let seats = one.seats.count == 1 ? "1 seat" : "\(one.seats.count) seats"
      let what = one.seats.isEmpty ? "\(one.count) of \(one.tier)" : seats
      return style.clean(
        "set aside for \(one.yours ? "you" : "others") until "
          + "\(OperatorTables.time(one.returnsAt)): \(what)")
    }
  }

  /// `rows A-C, F`: neighbours in the house, not in the alphabet, are joined.
  private func rows(_ seats: [Usher.V1.Seat]) -> String {
    let order = Dictionary(grouping: map.seats, by: \.y).keys.sorted()
    let wanted = Dictionary(grouping: seats, by: \.y)
    var ranges: [(first: String, last: String)] = []
    var isOpen = false
    for y in order {
      guard let label = wanted[y]?.first?.row else {
        isOpen = false
        continue
      }
      if isOpen, let range = ranges.last {
        ranges[ranges.count - 1] = (range.first, label)
      } else {
        ranges.append((label, label))
      }
      isOpen = true
    }
    let texts = ranges.map { $0.first == $0.last ? $0.first : "\($0.first)\(style.dash)\($0.last)" }
    let isOne = ranges.count == 1 && ranges[0].first == ranges[0].last
    return style.clean((isOne ? "row " : "rows ") + texts.joined(separator: ", "))
  }

  /// The labels of the free seats, a line per row; seats with something between them stand apart.
  var freeSeats: [String] {
    Dictionary(grouping: map.seats.filter(map.isFree), by: \.y)
      .sorted { $0.key < $1.key }
      .map { _, seats in
        let sorted = seats.sorted { $0.x < $1.x }
        var text = ""
        for (seat, previous) in zip(sorted, [nil] + sorted.dropLast().map(Optional.some)) {
          let isNeighbour = previous.map { Int($0.x) + 1 == Int(seat.x) } ?? true
          text += (text.isEmpty ? "" : isNeighbour ? " " : "   ") + seat.label
        }
        return style.clean(text)
      }
  }
}
