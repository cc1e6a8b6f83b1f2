// What changes from one layout to the next, and which numbers seats keep.

import Testing

@testable import Booking

@Suite struct LayoutDifferenceTests {
  private func layout(
    _ seats: [LayoutSeat], columns: Int32 = 9, focal: Int32 = 0
  ) throws -> SeatLayout {
    try SeatLayout(
      columns: columns, lines: 9, focalPoint: FocalPoint(xHundredths: focal, yHundredths: 0),
      seats: seats)
  }

  private func seat(
    _ label: String, _ number: Int32, x: Int32, tier: String = "S",
    attributes: SeatAttributes = [], row: String = "A"
  ) -> LayoutSeat {
    LayoutSeat(
      number: number, label: label, row: row, x: x, y: 0, tier: tier, attributes: attributes)
  }

  @Test func everythingIsNewWhereNothingWas() throws {
    let new = try layout([seat("A1", 1, x: 0), seat("A2", 2, x: 1)])
    let difference = LayoutDifference(from: nil, to: new)
    #expect(difference.added == ["A1", "A2"])
    #expect(difference.isGridChanged && !difference.isEmpty)
  }

  @Test func eachKindOfChangeIsTold() throws {
    let old = try layout([
      seat("gone", 1, x: 0), seat("moved", 2, x: 1), seat("row", 3, x: 2), seat("tier", 4, x: 3),
      seat("aisle", 5, x: 4), seat("same", 6, x: 5),
    ])
    let new = try layout([
      seat("moved", 2, x: 0), seat("row", 3, x: 2, row: "B"), seat("tier", 4, x: 3, tier: "B"),
      seat("aisle", 5, x: 4, attributes: .aisle), seat("same", 6, x: 5), seat("new", 7, x: 1),
    ])
    let difference = LayoutDifference(from: old, to: new)
    #expect(difference.added == ["new"])
    #expect(difference.removed == ["gone"])
    #expect(difference.moved == ["moved", "row"])
    #expect(difference.retiered == ["tier"])
    #expect(difference.altered == ["aisle"])
    #expect(!difference.isGridChanged)
  }

  @Test func numbersAndOrderAreNoChange() throws {
    let old = try layout([seat("A1", 1, x: 0), seat("A2", 2, x: 1)])
    let new = try layout([seat("A2", 1, x: 1), seat("A1", 2, x: 0)])
    #expect(LayoutDifference(from: old, to: new).isEmpty)
  }

  @Test func theGridAndTheBestViewAreChanges() throws {
    let seats = [seat("A1", 1, x: 0)]
    let old = try layout(seats)
    for new in [try layout(seats, columns: 8), try layout(seats, focal: 1)] {
      let difference = LayoutDifference(from: old, to: new)
      #expect(difference.isGridChanged && !difference.isEmpty && difference.moved.isEmpty)
    }
  }

  @Test func aLabelKeepsItsNumberAndANewOneGetsAnother() throws {
    let plan = try layout([seat("A1", 1, x: 0), seat("A2", 2, x: 1), seat("A3", 3, x: 2)])
    let layout = try #require(plan.renumbered(["A2": 7, "gone": 9]))
    #expect(layout.seat(label: "A2")?.number == 7)
    #expect(layout.seat(label: "A1")?.number == 10)
    #expect(layout.seat(label: "A3")?.number == 11)
  }

  @Test func twoLabelsThatHadOneNumberAreToldApart() throws {
    let plan = try layout([seat("A1", 1, x: 0), seat("A2", 2, x: 1)])
    let layout = try #require(plan.renumbered(["A1": 5, "A2": 5]))
    #expect(layout.seats.map(\.label) == ["A1", "A2"])
    #expect(layout.seats.map(\.number) == [5, 6])
  }

  @Test func numbersCanBeUsedUp() throws {
    let plan = try layout([seat("A1", 1, x: 0)])
    #expect(plan.renumbered(["gone": 99_998])?.seats.map(\.number) == [99_999])
    #expect(plan.renumbered(["gone": 99_999]) == nil)
  }
}
