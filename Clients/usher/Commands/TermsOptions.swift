// What the commands about terms take: amounts, days, and the terms of an offer.

import ArgumentParser
import Foundation
import UsherProtos

/// A day of the week, by its first three letters.
enum Day: String, ExpressibleByArgument, CaseIterable {
  case mon, tue, wed, thu, fri, sat, sun

  var weekday: Usher.V1.Weekday {
    switch self {
    case .mon: .monday
    case .tue: .tuesday
    case .wed: .wednesday
    case .thu: .thursday
    case .fri: .friday
    case .sat: .saturday
    case .sun: .sunday
    }
  }
}

/// A part of the day, as 12:00-16:59.
struct DayPart: ExpressibleByArgument {
  let window: Usher.V1.TimeWindow

  init?(argument: String) {
    let minutes = argument.split(separator: "-").map(Self.minute)
    guard minutes.count == 2, let first = minutes[0], let last = minutes[1] else { return nil }
    window = .init(firstMinute: first, lastMinute: last)
  }

  private static func minute(_ text: Substring) -> Int32? {
    let parts = text.split(separator: ":").map { Int32($0) }
    guard parts.count == 2, let hours = parts[0], let minutes = parts[1],
      (0...23).contains(hours), (0...59).contains(minutes)
    else { return nil }
    return hours * 60 + minutes
  }
}

extension Usher.V1.Money {
  /// An amount as people write it, `12.50`, in a currency.
  init(amount: String, _ currency: String) throws(Failure) {
    guard let minorUnits = Self.minorUnits(amount, currency) else {
      throw Failure(.usage, "'\(amount)' is no amount of \(currency), for example 12")
    }
    self.init(currencyCode: currency, minorUnits: minorUnits)
  }
}

/// The terms of an offer, as flags.
struct OfferOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Takes so many percent off, as 12.5.", valueName: "percent"))
  var percent: Double?
  @Option(help: ArgumentHelp("Or: takes this off, as 2.50.", valueName: "amount"))
  var amount: String?
  @Option(help: ArgumentHelp("The amount's currency, as EUR.", valueName: "code")) var currency = ""
  @Option(
    help: ArgumentHelp("Only shows that start in this part of the day.", valueName: "12:00-16:59"))
  var starts: DayPart?
  @Option(
    help: ArgumentHelp("Only the ticket at this position of a booking.", valueName: "position"))
  var ticket: Int32?
  @Option(help: "Only shows that start on this day; repeatable: mon to sun.") var day: [Day] = []
  @Option(help: ArgumentHelp("0 to 1000; the highest applies first.", valueName: "number"))
  var priority: Int32 = 0
  @Flag(help: "No other offer applies after it.") var exclusive = false
  @Option(
    help: ArgumentHelp("Holds from then on, as 2027-03-28T12:00:00Z.", valueName: "time"),
    transform: Moment.init)
  var from: Moment?
  @Option(
    help: ArgumentHelp("Holds before then.", valueName: "time"), transform: Moment.init)
  var until: Moment?

  mutating func validate() throws {
    guard (percent == nil) != (amount == nil) else {
      throw ValidationError("Say what it takes off: --percent or --amount.")
    }
    guard (0...100).contains(percent ?? 0) else {
      throw ValidationError("--percent takes 0 to 100.")
    }
    guard amount == nil || !currency.isEmpty else {
      throw ValidationError("--amount needs --currency.")
    }
    guard starts == nil || ticket == nil else {
      throw ValidationError("--starts and --ticket are two kinds of offer.")
    }
  }

  func offer(_ title: String) throws(Failure) -> Usher.V1.Offer {
    var offer = Usher.V1.Offer(
      title: title, discountBasisPoints: percent.map { Int32(($0 * 100).rounded()) } ?? 0,
      priority: priority, exclusive: exclusive, weekdays: day.map(\.weekday),
      validFrom: from?.timestamp, validUntil: until?.timestamp)
    if let starts { offer.condition = .timeWindow(starts.window) }
    if let ticket { offer.condition = .nthTicket(.init(position: ticket)) }
    if let amount { offer.discountAmount = try .init(amount: amount, currency) }
    return offer
  }
}
