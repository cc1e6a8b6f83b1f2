// usher.v1.SandboxService: what a partner sets in its sandbox. On a live database everything is refused.

import BookingStore
package import Logging
package import RPC
package import Reactor
package import UsherProtos

package struct SandboxService: Usher.V1.SandboxServiceServer {
  private let parts: PerLoop<NodeParts>
  private let isSandbox: Bool
  private let failures: StoreFailures

  /// `isSandbox`: what the database was when the node began, and so for ever.
  package init(_ parts: PerLoop<NodeParts>, isSandbox: Bool, logger: Logger) {
    self.parts = parts
    self.isSandbox = isSandbox
    failures = StoreFailures(logger: logger)
  }

  package func getSandbox(
    _ request: Usher.V1.GetSandboxRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.GetSandboxResponse {
    let partnerID = try tester(context).partnerID
    let faults = try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.faults(of: partnerID, timeout: timeout)
    }
    return .init(faults: faults.map { .init($0) })
  }

  package func setFaults(
    _ request: Usher.V1.SetFaultsRequest, context: ServerContext
  ) async throws(RPCError) -> Usher.V1.SetFaultsResponse {
    let partnerID = try tester(context).partnerID
    let faults = try SandboxWishes.faults(request)
    try await ask(context) { (store, timeout) async throws(StoreError) in
      try await store.setFaults(faults, of: partnerID, timeout: timeout)
    }
    return .init()
  }

  /// The caller. Throws FAILED_PRECONDITION on a live database, and PERMISSION_DENIED for a key that is for
  /// some of its partner's theatres: what is set here touches all.
  private func tester(_ context: ServerContext) throws(RPCError) -> KnownCaller {
    guard isSandbox else {
      throw .refusal(
        .failedPrecondition, .notASandbox,
        "This platform is live: nothing of it can be moved or broken.")
    }
    let caller = try context.seller()
    guard caller.theatreIDs == nil else { throw KnownCaller.beyondReach }
    return caller
  }

  private func ask<Answer>(
    _ context: ServerContext,
    _ body: (SandboxStore, Duration?) async throws(StoreError) -> Answer
  ) async throws(RPCError) -> Answer {
    let store = parts[context.loop].sandbox
    let timeout = context.remaining
    return try await failures.translating { () async throws(StoreError) in
      try await body(store, timeout)
    }
  }
}
