// A party in the line for a show: joins, hears its place, comes back with its ticket when the stream
// breaks, and leaves.

import RPC
import UsherProtos

struct WaitingParty: Sendable {
  enum Outcome: Sendable {
    /// It has its seats, and was told.
    case offered
    /// The line is over for it, by the server's word or for want of a server.
    case over(Failure)
    /// It has had enough, and still is in the line.
    case givenUp(Failure)
  }

  let session: Session
  let request: Usher.V1.JoinWaitlistRequest
  /// The command that goes on waiting at the same place.
  let again: String

  private var advice: Advice {
    Advice(
      showId: request.showId, requestId: request.requestId, repetition: again,
      flags: session.settings.repeatedFlags)
  }

  // MARK: Waiting

  /// Waits until there is an offer or no more hope.
  func wait() async -> Outcome {
    var reconnections = Reconnections()
    var place = PlaceText(
      session.output, again: again, session.settings.asker)
    while true {
      switch await follow(&place, &reconnections) {
      case .done: return .offered
      case .failed(let failure): return .givenUp(failure)
      case .broken(let error):
        place.endLine()
        if let outcome = await pause(after: error, place, &reconnections) { return outcome }
      }
    }
  }

  /// Nil to go on.
  private func pause(
    after error: RPCError, _ place: PlaceText, _ reconnections: inout Reconnections
  ) async -> Outcome? {
    do throws(Failure) {
      guard place.isTold else { throw advice.failure(error) }
      let pause = try reconnections.pause(after: error, session, advice)
      session.output.notice(
        "the stream broke (\(error.message)); coming back with the ticket in \(Clock.span(pause))")
      try? await Task.sleep(for: pause)
      return nil
    } catch {
      guard error.exit == .deadline else { return .over(error) }
      return .givenUp(Failure(.deadline, "the time limit passed"))
    }
  }

  /// Reads one stream to its end.
  private func follow(
    _ place: inout PlaceText, _ reconnections: inout Reconnections
  ) async -> StreamOutcome {
    do throws(RPCError) {
      var options = try session.options()
      // Who has a place comes back by itself; the first time the channel asks again.
      options.isSafe = !place.isTold
      options.retryPolicy = Repetition.changes
      let reader = try await session.waitlist.joinWaitlist(request, options: options)
      while let event = try await reader.next() {
        reconnections.noteEvent()
        if let outcome = tell(event, &place) { return outcome }
      }
      return .broken(RPCError(.unavailable, "the server ended the stream"))
    } catch {
      return .broken(error)
    }
  }

  /// Nil to go on.
  private func tell(
    _ event: Usher.V1.JoinWaitlistResponse, _ place: inout PlaceText
  ) -> StreamOutcome? {
    do throws(Failure) {
      try place.tell(event)
    } catch {
      return .failed(error)
    }
    if case .offer = event.event { return .done }
    return nil
  }

  // MARK: Leaving

  /// Leaves the line, as the end of the command: how it ends and what to say of it.
  func leave(_ exit: Exit, _ cause: String) async -> Failure {
    let show = request.showId
    do throws(RPCError) {
      let answer = try await session.waitlist.leaveWaitlist(
        Usher.V1.LeaveWaitlistRequest(showId: show, requestId: request.requestId),
        options: session.options(within: Limits.farewell))
      let booking = answer.bookingId
      return Failure(
        exit, "\(cause); \(LeavingText.words(show, booking))",
        hint: booking.isEmpty
          ? nil : "If it is still held, confirm it, or give the seats back with 'usher release'.",
        next: LeavingText.next(booking, flags: session.settings.repeatedFlags))
    } catch {
      // The server may not have heard of the party yet.
      if ErrorDetails(error.details).reason == "WAIT_NOT_FOUND" {
        return Failure(exit, "\(cause) before there was a place in the line")
      }
      return Failure(
        exit, "\(cause), but could not leave the line for show \(show): \(error.message)",
        hint: "The place is given up a minute after its stream has ended. To keep it:",
        next: again)
    }
  }
}
