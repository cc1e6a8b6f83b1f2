// The seats of an auditorium: labels, grid, tiers, attributes. Neighbours come from the grid,
// never from printed numbers. Knows nothing of sales.

/// Properties of a place. The bits are those of the database.
package struct SeatAttributes: OptionSet, Hashable, Sendable {
  package let rawValue: Int16
  package init(rawValue: Int16) { self.rawValue = rawValue }
  /// Next to an aisle.
  package static let aisle = SeatAttributes(rawValue: 1)
  /// A place for a wheelchair.
  package static let wheelchair = SeatAttributes(rawValue: 2)
  /// The chair beside a wheelchair place.
  package static let companion = SeatAttributes(rawValue: 4)
  /// The view is partly blocked.
  package static let restrictedView = SeatAttributes(rawValue: 8)
}

/// One seat of a layout.
package struct LayoutSeat: Hashable, Sendable {
  /// The seat's number, stable through every version of the auditorium's layout.
  package let number: Int32
  /// The printed label, unique in the layout.
  package let label: String
  /// The printed label of its row.
  package let row: String
  /// Column, from 0 at the left when facing the stage.
  package let x: Int32
  /// Line, from 0 at the stage.
  package let y: Int32
  /// Price tier.
  package let tier: String
  /// Properties of the place.
  package let attributes: SeatAttributes

  /// A seat as given; `SeatLayout` judges it.
  package init(
    number: Int32, label: String, row: String, x: Int32, y: Int32, tier: String,
    attributes: SeatAttributes = []
  ) {
    self.number = number
    self.label = label
    self.row = row
    self.x = x
    self.y = y
    self.tier = tier
    self.attributes = attributes
  }
}

/// A point of the grid in hundredths of a step.
package struct FocalPoint: Hashable, Sendable {
  /// Column, in hundredths.
  package let xHundredths: Int32
  /// Line, in hundredths.
  package let yHundredths: Int32

  /// A point of the grid.
  package init(xHundredths: Int32, yHundredths: Int32) {
    self.xHundredths = xHundredths
    self.yHundredths = yHundredths
  }
}

/// A layout that was checked: numbers, labels and places are unique and within the grid.
package struct SeatLayout: Sendable {
  /// Width of the grid.
  package let columns: Int32
  /// Depth of the grid.
  package let lines: Int32
  /// Where the view is best.
  package let focalPoint: FocalPoint
  /// The seats by number.
  package let seats: [LayoutSeat]
  /// Names of the tiers in use, sorted.
  package let tiers: [String]
  private let indexByLabel: [String: Int]
  private let indexByNumber: [Int32: Int]
  private let indexByPlace: [Int64: Int]

  /// Checks a layout. Throws `.invalidLayout` naming every label concerned.
  package init(
    columns: Int32, lines: Int32, focalPoint: FocalPoint, seats: [LayoutSeat]
  ) throws(BookingError) {
    let seats = seats.sorted { $0.number < $1.number }
    try Self.checkBounds(columns: columns, lines: lines, seats: seats)
    self.columns = columns
    self.lines = lines
    self.focalPoint = focalPoint
    self.seats = seats
    tiers = Set(seats.map(\.tier)).sorted()
    indexByLabel = try Self.index(seats, "label") { $0.label }
    indexByNumber = try Self.index(seats, "number") { $0.number }
    indexByPlace = try Self.index(seats, "place") { Self.place(x: $0.x, y: $0.y) }
    guard tiers.count <= Limits.tiersPerLayout else {
      throw BookingError(.invalidLayout, "The layout has too many tiers.")
    }
  }

  /// The seat with a printed label.
  package func seat(label: String) -> LayoutSeat? {
    indexByLabel[label].map { seats[$0] }
  }

  /// The seat with a number.
  package func seat(number: Int32) -> LayoutSeat? {
    indexByNumber[number].map { seats[$0] }
  }

  /// The label of the seat with a number.
  package func label(number: Int32) -> String? {
    indexByNumber[number].map { seats[$0].label }
  }

  /// Where in `seats` the seat with a number is.
  package func index(number: Int32) -> Int? {
    indexByNumber[number]
  }

  /// The seats beside one, left then right, where there are any.
  package func neighbours(of seat: LayoutSeat) -> [LayoutSeat] {
    [seat.x &- 1, seat.x &+ 1].compactMap { x in
      indexByPlace[Self.place(x: x, y: seat.y)].map { seats[$0] }
    }
  }

  /// True when the seats are one unbroken run in one row.
  package func areAdjacent(_ chosen: [LayoutSeat]) -> Bool {
    guard let first = chosen.first else { return false }
    let columns = chosen.map(\.x).sorted()
    return chosen.allSatisfy { $0.y == first.y }
      && zip(columns, columns.dropFirst()).allSatisfy { $0 &+ 1 == $1 }
  }

  /// The seats that a request names, in its order. Throws `.noSeats`, `.tooManySeats`,
  /// `.duplicateSeats` or `.unknownSeats`, naming every label concerned.
  package func resolve(labels: [String]) throws(BookingError) -> [LayoutSeat] {
    try indices(labels).map { seats[$0] }
  }

  /// Their numbers, in the order of the labels; throws as `resolve`.
  package func numbers(labels: [String]) throws(BookingError) -> [Int32] {
    try indices(labels).map { seats[$0].number }
  }

  private func indices(_ labels: [String]) throws(BookingError) -> [Int] {
    guard !labels.isEmpty else {
      throw BookingError(.noSeats, "Name at least one seat.")
    }
    guard labels.count <= Limits.seatsPerBooking else {
      throw BookingError(
        .tooManySeats, "A booking has at most \(Limits.seatsPerBooking) seats.")
    }
    let known = labels.compactMap { indexByLabel[$0] }
    let duplicates = Self.repeated(labels)
    guard duplicates.isEmpty else {
      throw BookingError(.duplicateSeats, "Name each seat once.", subjects: duplicates)
    }
    guard known.count == labels.count else {
      throw BookingError(
        .unknownSeats, "The show has no such seats.",
        subjects: labels.filter { indexByLabel[$0] == nil })
    }
    return known
  }
}

extension SeatLayout {
  private static func place(x: Int32, y: Int32) -> Int64 {
    Int64(y) << 32 | Int64(UInt32(bitPattern: x))
  }

  private static func repeated(_ labels: [String]) -> [String] {
    // Few enough that looking along them beats hashing.
    var repeated: [String] = []
    for (position, label) in labels.enumerated()
    where labels[..<position].contains(label) && !repeated.contains(label) {
      repeated.append(label)
    }
    return repeated
  }

  private static func index<Key: Hashable>(
    _ seats: [LayoutSeat], _ what: String, by key: (LayoutSeat) -> Key
  ) throws(BookingError) -> [Key: Int] {
    var index: [Key: Int] = [:]
    index.reserveCapacity(seats.count)
    for (position, seat) in seats.enumerated() {
      guard let other = index.updateValue(position, forKey: key(seat)) else { continue }
      throw BookingError(
        .invalidLayout, "Two seats have the same \(what).",
        subjects: [seats[other].label, seat.label])
    }
    return index
  }

  private static func checkBounds(
    columns: Int32, lines: Int32, seats: [LayoutSeat]
  ) throws(BookingError) {
    guard (1...Limits.seatsPerLayout).contains(seats.count) else {
      throw BookingError(.invalidLayout, "A layout has 1 to \(Limits.seatsPerLayout) seats.")
    }
    let extent = 1...Int32(Limits.gridExtent)
    guard extent.contains(columns), extent.contains(lines) else {
      throw BookingError(.invalidLayout, "A grid has 1 to \(Limits.gridExtent) steps a side.")
    }
    let misplaced = seats.filter {
      $0.number < 0 || !(0..<columns).contains($0.x) || !(0..<lines).contains($0.y)
    }
    guard misplaced.isEmpty else {
      throw BookingError(
        .invalidLayout, "Seats lie outside the grid.", subjects: misplaced.map(\.label))
    }
    let misnamed = seats.filter { !isLabel($0.label) || !isTier($0.tier) }
    guard misnamed.isEmpty else {
      throw BookingError(
        .invalidLayout, "Seats have unfit labels or tiers.", subjects: misnamed.map(\.label))
    }
  }

  /// Whether a text can be a seat's label.
  package static func isLabel(_ text: String) -> Bool {
    isName(text, Limits.labelByteCount, spaces: false)
  }

  /// Whether a text can be a tier's name.
  package static func isTier(_ text: String) -> Bool {
    isName(text, Limits.tierByteCount, spaces: true)
  }

  /// Labels are joined by commas in errors and typed on command lines: neither commas, spaces nor
  /// control characters.
  private static func isName(_ text: String, _ byteCount: Int, spaces: Bool) -> Bool {
    (1...byteCount).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isPrintable && (spaces || !(scalar.isSpace || scalar == ","))
      }
  }
}
