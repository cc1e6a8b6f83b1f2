// The sentences of the requirements about chosen seats, each with a hall that shows it.

import Testing

@testable import Booking

@Suite struct BestAvailableTests {
  @Test func theSeatsNearestToTheFocalPointAreBest() throws {
    let hall = try DrawnHall(["ooooo", "ooooo", "ooooo"], focus: (200, 100))
    #expect(hall.choose(1) == "B3")
    #expect(hall.choose(3) == "B2 B3 B4")
    #expect(hall.choose(2) == "B2 B3", "of two as near, the left")
    let between = try DrawnHall(["oo", "oo"], focus: (50, 50))
    #expect(between.choose(2) == "A1 A2", "of two as near, the one at the stage")
  }

  @Test func seatsAreSideBySideByTheGrid() throws {
    let hall = try DrawnHall(["oo oo", "oxoxo"], focus: (200, 100))
    #expect(hall.choose(2) == "A1 A2")
    #expect(hall.choose(3) == nil)
    let corner = try DrawnHall(["oo ", "  o"], focus: (200, 0))
    #expect(corner.choose(3) == nil, "a row's end is not beside the next row's start")
  }

  @Test func seatsAreOfOneTier() throws {
    let hall = try DrawnHall(["oooo"], tiers: ["GSSP"], focus: (0, 0))
    #expect(hall.choose(2) == "A2 A3")
    #expect(hall.choose(3) == nil)
    #expect(hall.choose(1, tiers: ["S", "P"]) == "A2")
    #expect(hall.choose(1, tiers: ["P"]) == "A4")
    #expect(hall.choose(2, tiers: ["G", "P"]) == nil)
    #expect(hall.choose(1, tiers: ["unheard of"]) == nil)
    #expect(hall.choose(1, tiers: []) == nil)
  }

  @Test func allOrNothing() throws {
    let hall = try DrawnHall(["ooooooooooo"], focus: (500, 0))
    #expect(hall.choose(10) == "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10")
    #expect(hall.choose(11) == nil)
    #expect(hall.choose(0) == nil)
    #expect(hall.choose(-1, allowSplit: true) == nil)
    #expect(try DrawnHall(["xxx"], focus: (0, 0)).choose(1) == nil)
  }

  @Test func wheelchairPlacesAreTakenWhenNothingElseIsLeft() throws {
    let hall = try DrawnHall(["vvxWCo"], focus: (300, 0))
    #expect(hall.choose(1) == "A6")
    #expect(hall.choose(2) == "A1 A2", "a restricted view is better")
    let full = try DrawnHall(["xxxWCo"], focus: (300, 0))
    #expect(full.choose(2) == "A5 A6", "as few as can be")
    #expect(full.choose(3) == "A4 A5 A6")
  }

  @Test func restrictedViewsComeAfterOthers() throws {
    let hall = try DrawnHall(["ovvo", "oooo"], focus: (150, 0))
    #expect(hall.choose(1) == "B2")
    #expect(hall.choose(2) == "B2 B3")
    let row = try DrawnHall(["ovvo"], focus: (150, 0))
    #expect(row.choose(1) == "A1")
    #expect(row.choose(2) == "A1 A2", "as few as can be")
  }

  @Test func aDistantFocalPointIsNoTrap() throws {
    let hall = try DrawnHall(["ooo"], focus: (.max, .min))
    #expect(hall.choose(2) == "A2 A3")
  }
}

@Suite struct OrphanRuleTests {
  @Test func aSeatWithNobodyBesideItIsStranded() throws {
    let hall = try DrawnHall(["ooooo oo"], focus: (200, 0))
    #expect(try hall.stranded(by: "A2") == "A1", "a row's end is no neighbour")
    #expect(try hall.stranded(by: "A2", "A4") == "A1 A3 A5")
    #expect(try hall.stranded(by: "A4") == "A5", "nor is an aisle")
    #expect(try hall.stranded(by: "A3") == "")
    #expect(try hall.stranded(by: "A7") == "A8")
    #expect(try hall.stranded(by: "A7", "A8") == "")
  }

  @Test func onlySeatsThatWereNotAloneAreStranded() throws {
    let hall = try DrawnHall(["oxoox"], focus: (0, 0))
    #expect(try hall.stranded(by: "A3") == "A4")
    #expect(try hall.stranded(by: "A1") == "")
  }

  @Test func offLooksAtNothingButTheView() throws {
    let hall = try DrawnHall(["xoooox"], focus: (250, 0))
    #expect(hall.choose(1, .off) == "A3")
    #expect(hall.choose(3, .off) == "A2 A3 A4")
    #expect(try hall.objections("A3", rule: .off) == "")
  }

  @Test func preferAvoidsStrandingWhereTheServerChooses() throws {
    let hall = try DrawnHall(["xooox", "ooxxx"], focus: (200, 0))
    #expect(hall.choose(2, .off) == "A2 A3")
    #expect(hall.choose(2, .prefer) == "B1 B2")
    #expect(hall.choose(1, .off) == "A3")
    #expect(hall.choose(1, .prefer) == "A2", "not the middle, which would strand two")
    #expect(try hall.objections("A3", rule: .prefer) == "")
  }

  @Test func preferWeighsLessThanTheView() throws {
    let hall = try DrawnHall(["xooox", "vvxxx"], focus: (200, 0))
    #expect(hall.choose(2, .prefer) == "A2 A3")
    #expect(hall.choose(2, .forbid) == "B1 B2")
  }

  @Test func viewsCountBeforeStrandingWhenSomebodyMustBeStranded() throws {
    let hall = try DrawnHall(["oooo", "vvo "], tiers: ["SGGS", "GGS "], focus: (0, 0))
    #expect(hall.choose(2, tiers: ["G"], .forbid) == "A2 A3")
  }

  @Test func rowsAreJudgedAcrossWords() throws {
    let taken = String(repeating: "x", count: 61)
    let hall = try DrawnHall(["oo\(taken)ooo"], focus: (6500, 0))
    #expect(hall.choose(2, .off) == "A65 A66")
    #expect(hall.choose(2, .prefer) == "A1 A2", "the last seat of a word would be stranded")
    let far = try DrawnHall(["ooo\(taken)xvv"], focus: (0, 0))
    #expect(far.choose(2, .prefer) == "A1 A2")
    #expect(far.choose(2, .forbid) == "A66 A67")
  }

  @Test func fewerAreStrandedWhenSomeMustBe() throws {
    let hall = try DrawnHall(["oooo", "ooo "], focus: (150, 0))
    #expect(hall.choose(2, .off) == "A2 A3")
    #expect(hall.choose(2, .prefer) == "A1 A2")
    let last = try DrawnHall(["ooo ooo"], focus: (100, 0))
    #expect(last.choose(1, .forbid) == "A1")
    let odd = try DrawnHall(["xooox"], focus: (200, 0))
    #expect(odd.choose(2, .forbid) == "A2 A3", "nothing else is left")
  }

  @Test func forbidRefusesNamedSeatsAndSaysBecauseOfWhich() throws {
    let hall = try DrawnHall(["ooooo"], focus: (200, 0))
    #expect(try hall.objections("A2") == "A1")
    #expect(try hall.objections("A2", "A4") == "A1 A3 A5")
    #expect(try hall.objections("A1") == "")
    #expect(try hall.objections("A3") == "")
  }

  @Test func forbidAllowsWhatStrandsWhenNothingElseIsLeft() throws {
    let three = try DrawnHall(["xooox"], focus: (200, 0))
    #expect(try three.objections("A2", "A3") == "", "any two of three strand one")
    #expect(try three.objections("A3") == "A2 A4", "but one may sit at the side")
    let elsewhere = try DrawnHall(["xooox", "xxoox"], focus: (200, 0))
    #expect(try elsewhere.objections("A2", "A3") == "A4", "two are left in the other row")
  }

  @Test func anotherChoiceIsOneOfTheSameTier() throws {
    let hall = try DrawnHall(["ooox", "ooxx"], tiers: ["GGGG", "SSSS"], focus: (0, 0))
    #expect(try hall.objections("A1", "A2") == "")
    #expect(try hall.objections("A1", "B1") == "B2", "of any tier when several are named")
    let across = try DrawnHall(["oooxoo"], tiers: ["GGGGGS"], focus: (0, 0))
    #expect(try across.objections("A1", "A6") == "A5", "also across tiers")
    #expect(try across.objections("A1", "A2") == "")
  }

  @Test func wheelchairPlacesAreNoOtherChoice() throws {
    let hall = try DrawnHall(["oooxWC"], focus: (0, 0))
    #expect(hall.choose(2, .forbid) == "A1 A2")
    #expect(try hall.objections("A1", "A2") == "")
    let both = try DrawnHall(["WCoxWC"], focus: (0, 0))
    #expect(try both.objections("A1", "A2") == "A3", "for those who ask for them they are")
  }

  @Test func neighboursOfAnotherTierStillKeepASeatCompany() throws {
    let hall = try DrawnHall(["oooo"], tiers: ["GGSS"], focus: (0, 0))
    #expect(try hall.stranded(by: "A1") == "")
    #expect(try hall.stranded(by: "A3") == "A4")
  }
}

@Suite struct SplitChoiceTests {
  @Test func twoHalvesOnAdjoiningRowsAreTheLastResort() throws {
    let hall = try DrawnHall(["ooxoo", "ooxoo"], focus: (400, 0))
    #expect(hall.choose(4) == nil)
    #expect(hall.choose(4, allowSplit: true) == "A4 A5 B4 B5")
    #expect(hall.choose(2, allowSplit: true) == "A4 A5", "not while there is a run")
    let run = try DrawnHall(["ooxWCv", "ooxxxx"], focus: (0, 0))
    #expect(run.choose(3, allowSplit: true) == "A4 A5 A6", "whichever")
  }

  @Test func rowsAdjoinWhenTheirLinesDo() throws {
    #expect(try DrawnHall(["oo", "xx", "oo"], focus: (0, 0)).choose(4, allowSplit: true) == nil)
    #expect(try DrawnHall(["oo", "  ", "oo"], focus: (0, 0)).choose(4, allowSplit: true) == nil)
  }

  @Test func theOddSeatIsInEitherHalf() throws {
    let front = try DrawnHall(["ooo", "oox"], focus: (0, 0))
    #expect(front.choose(5, allowSplit: true) == "A1 A2 A3 B1 B2")
    let back = try DrawnHall(["oox", "ooo"], focus: (0, 0))
    #expect(back.choose(5, allowSplit: true) == "A1 A2 B1 B2 B3")
    let uneven = try DrawnHall(["ooo", "oxx"], focus: (0, 0))
    #expect(uneven.choose(4, allowSplit: true) == nil, "three and one are no halves")
    #expect(uneven.choose(1, allowSplit: true) == "A1")
  }

  @Test func halvesAreOfOneTier() throws {
    let hall = try DrawnHall(["oox", "oox", "oox"], tiers: ["GGG", "SSS", "SSS"], focus: (0, 0))
    #expect(hall.choose(4, allowSplit: true) == "B1 B2 C1 C2")
    #expect(hall.choose(4, tiers: ["G"], allowSplit: true) == nil)
  }

  @Test func halvesOverlapOrAreAsNearAsCanBe() throws {
    let hall = try DrawnHall(["ooxxxxxx", "xxxxooxx", "ooxxvvxx"], focus: (0, 0))
    #expect(hall.choose(4, allowSplit: true) == "B5 B6 C5 C6", "even with a restricted view")
    let apart = try DrawnHall(["ooxxxxxx", "xxxooxoo"], focus: (700, 0))
    #expect(apart.choose(4, allowSplit: true) == "A1 A2 B4 B5")
    let wheels = try DrawnHall(["ooxxxx", "WCxxoo"], focus: (0, 0))
    #expect(wheels.choose(4, allowSplit: true) == "A1 A2 B5 B6", "but not on wheelchair places")
  }

  @Test func halvesStrandNobodyWhereTheyNeedNot() throws {
    let hall = try DrawnHall(["oooxoo", "oooxoo"], focus: (0, 0))
    #expect(hall.choose(4, .off, allowSplit: true) == "A1 A2 B1 B2")
    #expect(hall.choose(4, .prefer, allowSplit: true) == "A5 A6 B5 B6")
    let apart = try DrawnHall(["oooxxxx", "oooxxoo"], focus: (0, 0))
    #expect(apart.choose(4, .prefer, allowSplit: true) == "A1 A2 B1 B2")
    let far = try DrawnHall(["oooxxoo", "ooxxxxx"], focus: (0, 0))
    #expect(far.choose(4, .prefer, allowSplit: true) == "A1 A2 B1 B2")
    #expect(far.choose(4, .forbid, allowSplit: true) == "A6 A7 B1 B2", "at any distance")
  }
}
