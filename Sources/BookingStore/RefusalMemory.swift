// Refusals that a worker gave lately. A refusal changes nothing, so nothing of it is written down;
// but who repeats a request because the answer was lost shall get the same answer.

import Booking
import DequeModule

/// The latest refusals by request id, bounded, oldest out first.
struct RefusalMemory {
  private struct Kept {
    let hash: [UInt8]
    let refusal: SaleRefusal
  }

  private var refusals: [RequestKey: Kept] = [:]
  private var order = Deque<RequestKey>()

  /// What a request was told before: its refusal, or that its id was used for another.
  func answer(_ identity: RequestIdentity) -> SaleRefusal? {
    refusals[identity.key].map { $0.hash == identity.hash ? $0.refusal : .requestIDReused }
  }

  mutating func note(_ refusal: SaleRefusal, _ identity: RequestIdentity) {
    let key = identity.key
    guard refusal.isJudgement, refusals[key] == nil else { return }
    refusals[key] = Kept(hash: identity.hash, refusal: refusal)
    order.append(key)
    while order.count > StoreLimits.rememberedRefusals, let oldest = order.popFirst() {
      refusals[oldest] = nil
    }
  }
}

extension SaleRefusal {
  /// Whether a rule of the sale refused, and not a request that could not be understood.
  fileprivate var isJudgement: Bool {
    switch self {
    case .seatsUnavailable, .noAdjacentSeats, .strandsSeats, .holdLimitExceeded, .salesClosed,
      .wrongState, .extendedBefore, .seatsNotInBooking, .showBegan, .currencyDiffers,
      .reservedForWaiting, .waitIsHopeless, .seatsNotBlocked, .seatsAllocated, .addOnsNotFound,
      .addOnsEnded, .tooManyAddOns:
      true
    case .waitlistFull, .showNotFound, .staleShow, .requestIDReused, .requestFenced,
      .bookingNotFound,
      .foreignBooking:
      false
    }
  }
}
