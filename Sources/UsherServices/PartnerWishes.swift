// What partners wish of their theatres and auditoriums, checked field by field; and what these are, as
// messages.

import Booking
import BookingStore
import RPC
import UsherProtos

/// The checks.
enum PartnerWishes {
  static func theatre(
    _ request: Usher.V1.CreateTheatreRequest, by caller: KnownCaller
  ) throws(RPCError) -> TheatreWish {
    let theatre = request.theatre ?? .init()
    var violations = FieldViolations()
    let isOwn = theatre.partnerId == 0 || theatre.partnerId == caller.partnerID
    violations.require(
      isOwn || caller.isOperator, "theatre.partner_id", "must be the caller's own, or 0")
    let city = city(theatre.city ?? .init(), &violations)
    checkWords(theatre, Set(words), &violations)
    violations.require(
      isLine(theatre.timeZone, 1...Limits.timeZoneCharacters), "theatre.time_zone",
      "must be an IANA name, for example Europe/Berlin")
    let policies = policies(theatre.policies ?? .init(), &violations)
    try violations.check()
    let house: Int64? = theatre.partnerId == 0 ? nil : theatre.partnerId
    return TheatreWish(
      partnerID: caller.isOperator ? house : caller.partnerID, city: city, name: theatre.name,
      address: theatre.address, postalCode: theatre.postalCode, timeZone: theatre.timeZone,
      latitude: theatre.latitude, longitude: theatre.longitude, policies: policies)
  }

  static func theatreChange(
    _ request: Usher.V1.UpdateTheatreRequest
  ) throws(RPCError) -> TheatreChange {
    let theatre = request.theatre ?? .init()
    let paths = Set(request.updateMask?.paths ?? [])
    var violations = FieldViolations()
    violations.require(!paths.isEmpty, "update_mask", "must name what to change")
    let unknown = paths.subtracting(words).subtracting(policyPaths)
    violations.require(
      unknown.isEmpty, "update_mask",
      "can name only \((words + policyPaths).joined(separator: ", "))")
    checkWords(theatre, paths, &violations)
    let wanted = theatre.policies ?? .init()
    for path in policyPaths where paths.contains(path) {
      violations.require(
        isSet(path, in: wanted), "theatre.\(path)", "must be given: the mask names it")
    }
    let given = policies(wanted, &violations)
    try violations.check()
    var change = TheatreChange()
    if paths.contains("name") { change.name = theatre.name }
    if paths.contains("address") { change.address = theatre.address }
    if paths.contains("postal_code") { change.postalCode = theatre.postalCode }
    if paths.contains("latitude") { change.latitude = theatre.latitude }
    if paths.contains("longitude") { change.longitude = theatre.longitude }
    change.policies = given.named(by: paths)
    return change
  }

  static func checkAuditorium(name: String) throws(RPCError) {
    var violations = FieldViolations()
    violations.require(
      isLine(name, 1...Limits.auditoriumNameCharacters), "name",
      "must have 1 to \(Limits.auditoriumNameCharacters) characters, none for control")
    try violations.check()
  }

  // MARK: Parts

  /// Fields of a theatre besides its policies.
  private static let words = ["name", "address", "postal_code", "latitude", "longitude"]
  private static let policyPaths = [
    "policies.hold_minutes", "policies.seats_per_customer", "policies.orphan_rule",
    "policies.refund_basis_points", "policies.refund_minutes_before",
  ]

  private static func checkWords(
    _ theatre: Usher.V1.OwnTheatre, _ paths: Set<String>, _ violations: inout FieldViolations
  ) {
    func require(_ path: String, _ condition: Bool, _ rule: String) {
      if paths.contains(path) { violations.require(condition, "theatre.\(path)", rule) }
    }
    require(
      "name", isLine(theatre.name, 1...Limits.partnerNameCharacters),
      "must have 1 to \(Limits.partnerNameCharacters) characters, none for control")
    require(
      "address", isLine(theatre.address, 0...Limits.addressCharacters),
      "must have at most \(Limits.addressCharacters) characters, none for control")
    require(
      "postal_code", isLine(theatre.postalCode, 0...Limits.postalCodeCharacters),
      "must have at most \(Limits.postalCodeCharacters) characters, none for control")
    require("latitude", (-90...90).contains(theatre.latitude), "must be -90 to 90 degrees")
    require("longitude", (-180...180).contains(theatre.longitude), "must be -180 to 180 degrees")
  }

  private static func city(
    _ city: Usher.V1.City, _ violations: inout FieldViolations
  ) -> CityName {
    let field = "theatre.city"
    guard (city.cityId != 0) != !city.name.isEmpty else {
      violations.add(field, "must have an id or a name, one of both")
      return .id(0)
    }
    guard city.cityId == 0 else { return .id(city.cityId) }
    violations.require(
      isLine(city.name, 0...Limits.partnerNameCharacters), "\(field).name",
      "must have at most \(Limits.partnerNameCharacters) characters, none for control")
    violations.require(
      isLine(city.region, 0...Limits.partnerNameCharacters), "\(field).region",
      "must have at most \(Limits.partnerNameCharacters) characters, none for control")
    violations.require(
      Country.isIssued(city.countryCode), "\(field).country_code",
      "must be an ISO 3166-1 alpha-2 code, for example DE")
    return .name(city.name, region: city.region, countryCode: city.countryCode)
  }

  private static func policies(
    _ policies: Usher.V1.TheatrePolicies, _ violations: inout FieldViolations
  ) -> TheatrePolicies {
    func require(_ value: Int32?, _ name: String, _ bounds: ClosedRange<Int32>) {
      guard let value, !bounds.contains(value) else { return }
      violations.add(
        "theatre.policies.\(name)", "must be \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    let minutes = Booking.Limits.holdMinutes
    require(
      policies.holdMinutes, "hold_minutes", Int32(minutes.lowerBound)...Int32(minutes.upperBound))
    require(
      policies.seatsPerCustomer, "seats_per_customer", 1...Int32(Booking.Limits.seatsPerBooking))
    require(policies.refundBasisPoints, "refund_basis_points", 0...10_000)
    require(policies.refundMinutesBefore, "refund_minutes_before", 0...527_040)
    violations.require(
      (0...3).contains(policies.orphanRule.rawValue), "theatre.policies.orphan_rule",
      "must be OFF, PREFER or FORBID")
    var given = TheatrePolicies()
    given.holdMinutes = policies.holdMinutes.map { Int16(clamping: $0) }
    given.seatsPerCustomer = policies.seatsPerCustomer.map { Int16(clamping: $0) }
    // An enum of the schema is any Int32; the rule's own numbers begin one lower.
    given.orphanRule = OrphanRule(rawValue: Int16(clamping: policies.orphanRule.rawValue) &- 1)
    given.refundBasisPoints = policies.refundBasisPoints.map { Int16(clamping: $0) }
    given.refundMinutesBefore = policies.refundMinutesBefore
    return given
  }

  private static func isSet(_ path: String, in policies: Usher.V1.TheatrePolicies) -> Bool {
    switch path {
    case "policies.hold_minutes": policies.holdMinutes != nil
    case "policies.seats_per_customer": policies.seatsPerCustomer != nil
    case "policies.orphan_rule": policies.orphanRule != .unspecified
    case "policies.refund_basis_points": policies.refundBasisPoints != nil
    default: policies.refundMinutesBefore != nil
    }
  }

  /// Whether a text has so many characters and nothing that breaks a line.
  static func isLine(_ text: String, _ counts: ClosedRange<Int>) -> Bool {
    counts.contains(text.unicodeScalars.count) && text.isPrintable
  }
}

extension TheatrePolicies {
  /// Those that a mask names.
  fileprivate func named(by paths: Set<String>) -> TheatrePolicies {
    var named = TheatrePolicies()
    if paths.contains("policies.hold_minutes") { named.holdMinutes = holdMinutes }
    if paths.contains("policies.seats_per_customer") { named.seatsPerCustomer = seatsPerCustomer }
    if paths.contains("policies.orphan_rule") { named.orphanRule = orphanRule }
    if paths.contains("policies.refund_basis_points") {
      named.refundBasisPoints = refundBasisPoints
    }
    if paths.contains("policies.refund_minutes_before") {
      named.refundMinutesBefore = refundMinutesBefore
    }
    return named
  }
}

extension KnownCaller {
  /// Who does something that is noted.
  var auditActor: AuditActor {
    AuditActor(keyID: keyID, name: "\(keyPrefix) of partner \(partnerID)")
  }
}

extension Usher.V1.OwnTheatre {
  init(_ theatre: OwnTheatreRecord) {
    let policies = theatre.policies
    self.init(
      theatreId: theatre.id, partnerId: theatre.partnerID ?? 0,
      city: .init(
        cityId: theatre.cityID, name: theatre.cityName, region: theatre.region,
        countryCode: theatre.countryCode),
      name: theatre.name, address: theatre.address, postalCode: theatre.postalCode,
      timeZone: theatre.timeZone, latitude: theatre.latitude, longitude: theatre.longitude,
      screenCount: theatre.screenCount,
      policies: .init(
        holdMinutes: policies.holdMinutes.map(Int32.init),
        seatsPerCustomer: policies.seatsPerCustomer.map(Int32.init),
        orphanRule: .init(rawValue: Int32(policies.orphanRule?.rawValue ?? 0) + 1),
        refundBasisPoints: policies.refundBasisPoints.map(Int32.init),
        refundMinutesBefore: policies.refundMinutesBefore))
  }
}

extension Usher.V1.Auditorium {
  init(_ auditorium: AuditoriumRecord) {
    self.init(
      auditoriumId: auditorium.id, theatreId: auditorium.theatreID, name: auditorium.name,
      layoutVersion: auditorium.layoutVersion, seatCount: auditorium.seatCount)
  }
}
