// A layout that a partner wishes for, checked seat by seat: every fault is named by its field, up to as
// many as a person can use at a time.

import Booking
import RPC
import UsherProtos

/// The checks.
enum LayoutWishes {
  /// The layout, its seats numbered from 1 in the order of the request.
  static func layout(
    _ request: Usher.V1.ImportLayoutRequest
  ) throws(RPCError) -> SeatLayout {
    let plan = request.layout ?? .init()
    var faults = Faults()
    faults.require(
      (request.expectedVersion ?? 0) >= 0, "expected_version", "must not be negative")
    faults.require(
      (1...Limits.seatsPerImport).contains(plan.seats.count), "layout.seats",
      "must be 1 to \(Limits.seatsPerImport), and are \(plan.seats.count)")
    try faults.check()
    checkGrid(plan, &faults)
    checkSeats(plan, &faults)
    try faults.check()
    let columns = plan.columns > 0 ? plan.columns : (plan.seats.map(\.x).max() ?? 0) &+ 1
    let lines = plan.lines > 0 ? plan.lines : (plan.seats.map(\.y).max() ?? 0) &+ 1
    let focal =
      plan.focalPoint.map {
        FocalPoint(xHundredths: $0.xHundredths, yHundredths: $0.yHundredths)
      } ?? FocalPoint(xHundredths: (columns &- 1) &* 50, yHundredths: (lines &- 1) &* 66)
    do throws(BookingError) {
      return try SeatLayout(
        columns: columns, lines: lines, focalPoint: focal,
        seats: plan.seats.enumerated().map { LayoutSeat($1, number: Int32(clamping: $0 + 1)) })
    } catch {
      // What is left are bounds of the whole.
      var faults = Faults()
      faults.require(false, "layout.seats", error.message)
      try faults.check()
      throw .hidden
    }
  }

  private static func checkGrid(_ plan: Usher.V1.LayoutPlan, _ faults: inout Faults) {
    let extents = 0...Int32(Booking.Limits.gridExtent)
    faults.require(
      extents.contains(plan.columns), "layout.columns",
      "must be at most \(extents.upperBound), and not negative")
    faults.require(
      extents.contains(plan.lines), "layout.lines",
      "must be at most \(extents.upperBound), and not negative")
    let places = 0...(extents.upperBound - 1) * 100
    if let point = plan.focalPoint {
      faults.require(
        places.contains(point.xHundredths), "layout.focal_point.x_hundredths",
        "must be 0 to \(places.upperBound)")
      faults.require(
        places.contains(point.yHundredths), "layout.focal_point.y_hundredths",
        "must be 0 to \(places.upperBound)")
    }
  }

  private static func checkSeats(_ plan: Usher.V1.LayoutPlan, _ faults: inout Faults) {
    var labels: [String: Int] = [:]
    var places: [Int64: Int] = [:]
    var tiers: Set<String> = []
    for (index, seat) in plan.seats.enumerated() {
      check(seat, "layout.seats[\(index)]", plan, &faults)
      if let other = labels.updateValue(index, forKey: seat.label) {
        faults.require(
          false, "layout.seats[\(index)].label",
          "must be no other's: \(seat.label.prefix(16)) is seats[\(other)] too")
      }
      let place = Int64(seat.y) << 32 | Int64(UInt32(bitPattern: seat.x))
      if let other = places.updateValue(index, forKey: place) {
        faults.require(
          false, "layout.seats[\(index)]",
          "must have a place of its own: \(seat.label.prefix(16)) is where "
            + "\(plan.seats[other].label.prefix(16)) is, seats[\(other)]")
      }
      tiers.insert(seat.tier)
    }
    faults.require(
      tiers.count <= Booking.Limits.tiersPerLayout, "layout.seats",
      "must have at most \(Booking.Limits.tiersPerLayout) tiers")
  }

  private static func check(
    _ seat: Usher.V1.PlannedSeat, _ field: String, _ plan: Usher.V1.LayoutPlan,
    _ faults: inout Faults
  ) {
    faults.require(
      SeatLayout.isLabel(seat.label), "\(field).label",
      "must have 1 to \(Booking.Limits.labelByteCount) bytes, no spaces, commas or control characters"
    )
    faults.require(
      seat.row.utf8.count <= Booking.Limits.labelByteCount && seat.row.isPrintable,
      "\(field).row",
      "must have at most \(Booking.Limits.labelByteCount) bytes, none for control")
    faults.require(
      SeatLayout.isTier(seat.tier), "\(field).tier",
      "must have 1 to \(Booking.Limits.tierByteCount) bytes, no control characters")
    let columns = plan.columns > 0 ? plan.columns : Int32(Booking.Limits.gridExtent)
    let lines = plan.lines > 0 ? plan.lines : Int32(Booking.Limits.gridExtent)
    faults.require(
      seat.x >= 0 && seat.x < columns, "\(field).x", "must be 0 to \(columns &- 1)")
    faults.require(seat.y >= 0 && seat.y < lines, "\(field).y", "must be 0 to \(lines &- 1)")
    faults.require(
      seat.attributes.allSatisfy { SeatAttributes($0) != nil }
        && Set(seat.attributes.map(\.rawValue)).count == seat.attributes.count,
      "\(field).attributes", "must be known ones, each once")
  }

  /// Violations, of which no more are told than fit an answer.
  private struct Faults {
    private var violations = FieldViolations()
    private var count = 0

    mutating func require(
      _ condition: Bool, _ field: @autoclosure () -> String,
      _ description: @autoclosure () -> String
    ) {
      guard !condition else { return }
      count += 1
      if count <= Limits.violationsTold { violations.add(field(), description()) }
    }

    func check() throws(RPCError) {
      var violations = violations
      if count > Limits.violationsTold {
        violations.add("layout", "has \(count - Limits.violationsTold) more faults")
      }
      try violations.check()
    }
  }
}

extension LayoutSeat {
  fileprivate init(_ seat: Usher.V1.PlannedSeat, number: Int32) {
    self.init(
      number: number, label: seat.label, row: seat.row, x: seat.x, y: seat.y, tier: seat.tier,
      attributes: seat.attributes.reduce(into: SeatAttributes()) {
        $0.formUnion(SeatAttributes($1) ?? [])
      })
  }
}

extension SeatAttributes {
  /// Nil for one that is not known.
  fileprivate init?(_ attribute: Usher.V1.SeatAttribute) {
    switch attribute {
    case .aisle: self = .aisle
    case .wheelchair: self = .wheelchair
    case .companion: self = .companion
    case .restrictedView: self = .restrictedView
    default: return nil
    }
  }
}

extension Usher.V1.LayoutDiff {
  init(_ difference: LayoutDifference) {
    self.init(
      added: difference.added, removed: difference.removed, moved: difference.moved,
      retiered: difference.retiered, altered: difference.altered,
      gridChanged: difference.isGridChanged)
  }
}
