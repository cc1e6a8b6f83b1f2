// CSV: cells that need quotes, cells that a spreadsheet would run, columns that stay.

import Testing
import UsherProtos

@testable import usher

@Suite struct CSVTests {
  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
    ("\"", "\"\"\"\""), ("a\nb", "\"a\nb\""), ("a\r\nb", "\"a \nb\""), ("a;b", "a;b"),
    ("\u{1b}[2J", " [2J"), ("Stra\u{df}e \u{6620}\u{753b}", "Stra\u{df}e \u{6620}\u{753b}"),
    ("a\u{202e}b", "a b"), ("tab\there", "tab here"),
  ])
  func cells(_ text: String, _ cell: String) { #expect(CSVText.cell(text) == cell) }

  @Test(arguments: [
    ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("@SUM(A1)", "'@SUM(A1)"),
    ("\u{ff1d}1", "'\u{ff1d}1"), ("-", "'-"), ("--1", "'--1"), ("-1.2.3", "'-1.2.3"),
    ("-1e5", "'-1e5"),
    ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
    // Numbers are numbers.
    ("-1", "-1"), ("-2.80", "-2.80"), ("+32471234567", "+32471234567"),
    // In the middle nothing is a formula.
    ("1=1", "1=1"), ("a-b", "a-b"), (" =1", " =1"),
  ])
  func formulas(_ text: String, _ cell: String) { #expect(CSVText.cell(text) == cell) }

  @Test func amountsAndMomentsAreForPrograms() {
    let offers: [Usher.V1.ManagedOffer] = [
      .init(
        offer: .init(
          offerId: 3, title: "Corner",
          discountAmount: .init(currencyCode: "EUR", minorUnits: 250), priority: 5,
          exclusive: true, validFrom: .init(seconds: 1_800_000_000, nanos: 0)),
        ended: true),
      .init(offer: .init(offerId: 4, title: "Early, bird", discountBasisPoints: 1_250)),
    ]
    #expect(
      CSVText.heading(TermsTables.offers) + CSVText.lines(TermsTables.offers, of: offers) == """
        offer_id,title,percent,amount,currency,condition,target,priority,exclusive,valid_from,\
        valid_until,ended
        3,Corner,,2.50,EUR,always,everything,5,true,2027-01-15T08:00:00Z,,true
        4,"Early, bird",12.50,,,always,everything,0,false,,,false

        """)
  }

  @Test func ofNothingThereIsTheHeading() {
    #expect(CSVText.heading(CatalogTables.cities) == "city_id,name,region,country,theatres\n")
    #expect(CSVText.lines(CatalogTables.cities, of: []).isEmpty)
  }

  /// What programs have relied on since there was `--csv`.
  @Test func namesOfColumnsStay() {
    #expect(
      CSVText.heading(SalesText.figures)
        == "day,id,name,currency,shows,seats,bookings,sold_seats,sold_amount,cancelled_seats,"
        + "refunded_amount\n")
    #expect(
      CSVText.heading(SalesText.settlement(isFinal: true))
        == "theatre_id,theatre,partner_id,partner,currency,sold,gross,returned,refunded,credited,"
        + "net,final\n")
  }

  @Test func namesAreSnakeCaseAndUnique() {
    let headings = [
      CSVText.heading(AccountText.bookings), CSVText.heading(AddOnTables.managed),
      CSVText.heading(AdminTables.connections), CSVText.heading(AdminTables.methods),
      CSVText.heading(CatalogTables.cities), CSVText.heading(CatalogTables.movies),
      CSVText.heading(CatalogTables.nearbyTheatres), CSVText.heading(CatalogTables.shows),
      CSVText.heading(CatalogTables.theatres), CSVText.heading(MovieText.recommendations),
      CSVText.heading(MovieText.theatres), CSVText.heading(OperatorTables.audit),
      CSVText.heading(OperatorTables.keys), CSVText.heading(OperatorTables.partners),
      CSVText.heading(PartnerTables.auditoriums), CSVText.heading(PartnerTables.theatres),
      CSVText.heading(PartnerTables.versions), CSVText.heading(ReviewText.reports),
      CSVText.heading(ReviewText.reviews), CSVText.heading(ReviewText.thread),
      CSVText.heading(SalesText.bookings), CSVText.heading(SalesText.figures),
      CSVText.heading(SalesText.suspects), CSVText.heading(TermsTables.allocations),
      CSVText.heading(TermsTables.blocks), CSVText.heading(TermsTables.offers),
    ]
    for heading in headings {
      let names = heading.dropLast().split(separator: ",", omittingEmptySubsequences: false)
      #expect(Set(names).count == names.count, "\(heading)")
      #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z]+(?:_[a-z]+)*/) != nil }, "\(heading)")
    }
  }
}
