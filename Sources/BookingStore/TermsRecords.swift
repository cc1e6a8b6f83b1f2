// What a house changes of the terms of its shows, as the store is asked for it and tells it.

package import Booking
import Postgres

/// Who changes terms, and by which request.
package struct TermsActor: Sendable, Hashable {
  /// The partner, or an operator's own.
  package let partnerID: Int64
  /// Whether everybody's theatres are within reach.
  package let isOperator: Bool
  /// The theatres that the key is good for; nil for all.
  package let theatreIDs: [Int64]?
  /// What the audit log says of it.
  package let audit: AuditActor

  package init(
    partnerID: Int64, isOperator: Bool, theatreIDs: [Int64]?, audit: AuditActor
  ) {
    self.partnerID = partnerID
    self.isOperator = isOperator
    self.theatreIDs = theatreIDs
    self.audit = audit
  }
}

/// What became of a change of terms.
package enum TermsOutcome: Sendable, Hashable {
  /// Done, now or when the same request ran before.
  case done(TermsChange)
  /// Nothing was changed; with the names of what was wrong.
  case refused(TermsRefusal, [String])
}

/// A change of terms that was made.
package struct TermsChange: Sendable, Hashable {
  /// What was made or changed: an offer, an allocation, the first of some shows.
  package let subjectID: Int64
  /// How many shows are sold under other terms because of it.
  package let showCount: Int
  /// Those shows, when this call changed them.
  package let showIDs: [Int64]
}

/// Why terms were not changed. The raw values are the database's.
package enum TermsRefusal: String, Sendable, CaseIterable {
  /// The request id was used for another request.
  case requestIDReused = "reused"
  /// The request id was fenced.
  case requestFenced = "fenced"
  /// What it is about is not there, or not the caller's.
  case beyondReach = "beyond"
  /// The key is good for some theatres, and none of them is named.
  case noTarget = "no_target"
  /// The partner to sell through is not there.
  case noPartner = "no_partner"
  /// There is no such movie.
  case noMovie = "no_movie"
  /// There are no seats with these labels.
  case unknownSeats = "unknown_seats"
  /// The owner has as many offers as it may.
  case tooManyOffers = "too_many_offers"
  /// The offer has ended.
  case ended
  /// The add-on has ended.
  case addOnEnded = "add_on_ended"
  /// No show was meant.
  case noShows = "no_shows"
  /// More shows were meant than are changed at a time.
  case tooManyShows = "too_many"
  /// Shows are sold in another currency.
  case currencyDiffers = "currency"
  /// No show has tiers of these names.
  case unknownTiers = "unknown_tier"
  /// These seats are set aside already.
  case overlap
  /// As much of the show is set aside as may be.
  case tooManyAllocations = "too_many_allocations"
  /// What is to return has no time left.
  case past
}

/// What may be changed of an offer.
package struct OfferTerms: Sendable, Hashable {
  /// Its name as quotes print it.
  package var title: String
  /// By how much.
  package var discount: Offer.Discount
  /// Which tickets.
  package var condition: Offer.Condition
  /// The days on which shows start; nil for all.
  package var weekdays: Weekdays?
  /// Those of higher priority come first.
  package var priority: Int
  /// Whether no other applies after it.
  package var isExclusive: Bool
  /// From when on, in microseconds since 1970.
  package var validFrom: Int64?
  /// Until when.
  package var validUntil: Int64?

  package init(
    title: String, discount: Offer.Discount, condition: Offer.Condition,
    weekdays: Weekdays? = nil, priority: Int = 0, isExclusive: Bool = false,
    validFrom: Int64? = nil, validUntil: Int64? = nil
  ) {
    self.title = title
    self.discount = discount
    self.condition = condition
    self.weekdays = weekdays
    self.priority = priority
    self.isExclusive = isExclusive
    self.validFrom = validFrom
    self.validUntil = validUntil
  }
}

/// Where an offer applies; of show, auditorium and theatre one is given at most.
package struct OfferPlace: Sendable, Hashable {
  /// Only there.
  package var theatreID: Int64?
  /// Only there.
  package var auditoriumID: Int64?
  /// Only to it.
  package var showID: Int64?
  /// Only to its shows.
  package var movieID: Int64?

  package init(
    theatreID: Int64? = nil, auditoriumID: Int64? = nil, showID: Int64? = nil,
    movieID: Int64? = nil
  ) {
    self.theatreID = theatreID
    self.auditoriumID = auditoriumID
    self.showID = showID
    self.movieID = movieID
  }
}

/// A wish for an offer.
package struct OfferWish: Sendable, Hashable {
  /// Its terms.
  package var terms: OfferTerms
  /// Where it applies.
  package var place: OfferPlace
  /// Only to this partner's sales.
  package var channelID: Int64?
  /// Only to seats of this tier.
  package var tier: String?
  /// Only to these seats, of a show or an auditorium; empty for all.
  package var seatLabels: [String]

  package init(
    terms: OfferTerms, place: OfferPlace = OfferPlace(), channelID: Int64? = nil,
    tier: String? = nil, seatLabels: [String] = []
  ) {
    self.terms = terms
    self.place = place
    self.channelID = channelID
    self.tier = tier
    self.seatLabels = seatLabels
  }
}

/// An offer as those see it who make it.
package struct ManagedOffer: Sendable, Hashable {
  /// The offer.
  package let offer: Offer
  /// Where it applies.
  package let place: OfferPlace
  /// Whose it is; nil for the house.
  package let ownerID: Int64?
  /// Whether it has not been ended.
  package let isActive: Bool
  /// When it was made, in microseconds since 1970.
  package let createdAt: Int64
  /// Labels of its seats.
  package let seatLabels: [String]
}

/// A wish for other prices.
package struct PricesWish: Sendable, Hashable {
  /// In which shows.
  package enum Shows: Sendable, Hashable {
    /// These.
    case these([Int64])
    /// All to come of a theatre, perhaps only of an auditorium or a movie, that start between two times
    /// in microseconds since 1970.
    case all(theatreID: Int64, auditoriumID: Int64?, movieID: Int64?, from: Int64?, before: Int64?)
  }

  /// In which shows.
  package var shows: Shows
  /// The currency of the prices, which must be the shows'.
  package var currency: Currency
  /// What each tier costs; the empty name is every tier.
  package var prices: [TierPrice]

  /// What a seat of a tier costs, in minor units.
  package struct TierPrice: Sendable, Hashable {
    /// The tier.
    package let tier: String
    /// The price.
    package let minorUnits: Int64

    package init(_ tier: String, _ minorUnits: Int64) {
      self.tier = tier
      self.minorUnits = minorUnits
    }
  }

  package init(shows: Shows, currency: Currency, prices: [TierPrice]) {
    self.shows = shows
    self.currency = currency
    self.prices = prices
  }
}
