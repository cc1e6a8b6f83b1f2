// What is remembered of versions that were told: never less than was told lately, and not for ever.

import Testing

@testable import Booking

@Suite struct ToldVersionsTests {
  @Test func theHighestVersionCounts() {
    var told = ToldVersions()
    #expect(told[1] == 0)
    told.note(1, 5)
    told.note(1, 4)
    told.note(2, 1)
    #expect(told[1] == 5 && told[2] == 1 && told[3] == 0)
  }

  @Test func theLatestShowsAreRemembered() {
    var told = ToldVersions()
    told.note(0, 9)
    for show in 1...Int64(Limits.toldShows) {
      told.note(show, 2)
      #expect(told[0] == 9 && told[show] == 2)
    }
    told.note(0, 3)
    #expect(told[0] == 9)
    for show in 1...2 * Int64(Limits.toldShows) { told.note(-show, 1) }
    #expect(told[0] == 0)
  }

  @Test func pausesGrowUpToALimit() {
    var pause = CommitPause()
    let taken = (0..<10).map { _ in pause.take() }
    #expect(taken.prefix(3) == [.milliseconds(2), .milliseconds(4), .milliseconds(8)])
    #expect(taken[8] == .milliseconds(512) && taken[9] == .milliseconds(512))
  }
}
