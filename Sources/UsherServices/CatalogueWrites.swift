// Partners change the catalogue through this node: whoever is answered finds the change here at once,
// on whichever loop, before the change stream brings it.

import BookingStore
package import RPC
package import Reactor

/// Tells every loop's cache when a call may have changed the catalogue, before the caller is answered.
package struct CatalogueWrites: ServerInterceptor {
  private let parts: PerLoop<NodeParts>

  package init(_ parts: PerLoop<NodeParts>) { self.parts = parts }

  package func callBeginsAtOnce(_ context: ServerContext) -> Bool { true }

  package func callEnded(_ context: ServerContext, _ code: StatusCode, took duration: Duration) {
    let method = context.method
    guard method.sideEffects, method.service == "usher.v1.PartnerService",
      method.kind != .unary || !code.saysThatNothingChanged
    else { return }
    parts.onEach { $0.answers.forgetAll() }
  }
}

extension StatusCode {
  /// Whether a unary call that ends so has had no effect: whoever is refused again and again must not cost
  /// everybody what is in memory.
  fileprivate var saysThatNothingChanged: Bool {
    switch self {
    case .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .resourceExhausted,
      .failedPrecondition, .aborted, .outOfRange, .unauthenticated, .unimplemented:
      true
    default: false
    }
  }
}

extension PerLoop<NodeParts> {
  /// Tells every loop's cache what this node has changed, before the caller is answered.
  func noteOwn(_ change: CatalogueChange) {
    onEach { $0.answers.noteOwn(change) }
  }
}
