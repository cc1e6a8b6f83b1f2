// What counts as a currency and as a country.

import Testing

@testable import Booking

@Suite struct IssuedCodesTests {
  @Test(arguments: ["EUR", "USD", "INR", "JPY", "KWD", "XAF", "XCG", "ZWG", "BGN"])
  func thingsAreSoldInMoneyThatThereIs(code: String) throws {
    #expect(try Currency(code).isIssued)
  }

  /// Made up, withdrawn, a metal, a fund, for tests, none. All of them can be read.
  @Test(arguments: ["ABC", "DEM", "XAU", "CHE", "XTS", "XXX"])
  func andInNothingElse(code: String) throws {
    #expect(try !Currency(code).isIssued)
  }

  @Test func countriesHaveTwoCapitals() {
    for code in ["BE", "DE", "IN", "AQ", "XK", "be", "BEL", "", "ZZ", "UK", "EU"] {
      #expect(Country.isIssued(code) == ["BE", "DE", "IN", "AQ"].contains(code), "\(code)")
    }
  }
}
