// From where theatres are looked for: degrees, or a postal code that stands for some.

import BookingStore
import RPC
import Reactor
import UsherProtos

extension CatalogService {
  /// The place that a request means. What is wrong with a postal code is added to the violations, also that
  /// nobody knows where it is.
  func place(
    _ request: Usher.V1.FindTheatresRequest, _ violations: inout FieldViolations,
    _ context: ServerContext
  ) async throws(RPCError) -> (latitude: Double, longitude: Double) {
    let degrees = (request.latitude, request.longitude)
    let (code, country) = (request.postalCode, request.countryCode)
    violations.require(
      country.isEmpty
        || country.utf8.count == 2 && country.utf8.allSatisfy { (65...90).contains($0) },
      "country_code", "must be two capital letters, for example BE")
    guard !code.isEmpty else {
      violations.require(country.isEmpty, "country_code", "must not be set without postal_code")
      return degrees
    }
    violations.require(
      degrees == (0, 0), "postal_code", "must not be set with latitude or longitude")
    violations.requireName(code, "postal_code")
    guard violations.refusal == nil else { return degrees }
    let catalog = parts[context.loop].catalog
    let place = try await failures.translating { () async throws(StoreError) in
      try await catalog.place(ofPostalCode: code, country: country, timeout: context.remaining)
    }
    violations.require(
      place != nil, "postal_code", "must begin like that of a theatre, to be found")
    return place ?? degrees
  }
}
