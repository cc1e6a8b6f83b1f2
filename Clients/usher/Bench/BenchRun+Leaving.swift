// The end of a load: what it may have left in the server's books is asked about and given back.

import RPC
import Reactor
import UsherProtos

/// Something that a load may leave behind.
enum Loose: Sendable, Equatable {
  /// A hold whose answer was lost, by its request id.
  case request(String)
  /// A booking that may still be held.
  case booking(String)
}

extension BenchRun {
  /// Gives back what can be, as far as the time allows, and counts the rest.
  func settle() async {
    let end = LoopInstant.now + Limits.benchPatience
    let session = sessions[0]
    for thing in takeLoose() {
      switch thing {
      case .booking(let id): await giveBack(id, session, until: end)
      case .request(let id): await askFor(id, session, until: end)
      }
    }
  }

  private func options(_ session: Session, until end: LoopInstant) -> CallOptions? {
    let time = end - .now
    guard time > .zero else { return nil }
    var options = session.options(within: time)
    options.isSafe = true
    options.retryPolicy = Repetition.changes
    return options
  }

  /// Releases what may be held.
  private func giveBack(_ booking: String, _ session: Session, until end: LoopInstant) async {
    guard let options = options(session, until: end) else { return noteLeft { $0.held += 1 } }
    do throws(RPCError) {
      _ = try await session.bookings.releaseHold(
        Usher.V1.ReleaseHoldRequest(bookingId: booking, requestId: Self.newID), options: options)
    } catch {
      guard error.code == .failedPrecondition || error.code == .notFound else {
        return noteLeft { $0.held += 1 }
      }
      // It is no longer held: the confirmation whose answer was lost has sold it, or its time is over.
      let details = ErrorDetails(error.details)
      if details.reason == "BOOKING_STATE", details.state == "CONFIRMED" {
        noteLeft { $0.sold += 1 }
      }
    }
  }

  /// Sees to it that a hold never happens, or gives it back when it has.
  private func askFor(_ request: String, _ session: Session, until end: LoopInstant) async {
    guard let options = options(session, until: end) else { return noteLeft { $0.unknown += 1 } }
    do throws(RPCError) {
      let answer = try await session.bookings.fenceRequest(
        Usher.V1.FenceRequestRequest(requestId: request), options: options)
      guard answer.outcome?.fate == .ran, let booking = answer.outcome?.booking else { return }
      await giveBack(booking.bookingId, session, until: end)
    } catch {
      noteLeft { $0.unknown += 1 }
    }
  }
}
