// Channel allocations: setting seats or quotas aside, and returning them.

package import Booking
import Postgres

/// A wish to set something of a show aside.
package struct AllocationWish: Sendable, Hashable {
  /// What.
  package enum Share: Sendable, Hashable {
    /// These seats, by label.
    case seats([String])
    /// So many seats of a tier.
    case quota(tier: String, count: Int)
  }

  /// The show.
  package let showID: Int64
  /// For whom.
  package let channelID: Int64
  /// What.
  package let share: Share
  /// When it returns, in microseconds since 1970.
  package let returnsAt: Int64

  package init(showID: Int64, channelID: Int64, share: Share, returnsAt: Int64) {
    self.showID = showID
    self.channelID = channelID
    self.share = share
    self.returnsAt = returnsAt
  }
}

/// An allocation as its theatre sees it.
package struct ManagedAllocation: Sendable, Hashable {
  /// The allocation.
  package let allocation: Allocation
  /// Whether it has returned, by its time or before.
  package let hasReturned: Bool
  /// When it was made, in microseconds since 1970.
  package let createdAt: Int64

  init(_ row: PostgresRow) throws(PostgresError) {
    allocation = try Allocation(row)
    hasReturned = try row.decode(6)
    createdAt = try row.decode(7, as: PostgresTimestamp.self).unixMicroseconds
  }
}

extension TermsStore {
  /// Sets something aside.
  package func createAllocation(
    _ wish: AllocationWish, _ identity: RequestIdentity, by actor: TermsActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    let share: [PostgresValue]
    switch wish.share {
    case .seats(let labels): share = [.array(labels), .text(nil), .int4(nil)]
    case .quota(let tier, let count):
      share = [PostgresValue([String]?.none), .text(tier), .int4(Int32(clamping: count))]
    }
    return try await act(
      Statements.createAllocation, actor, identity,
      [.int8(wish.showID), .int8(wish.channelID)] + share
        + [
          .timestamp(PostgresTimestamp(unixMicroseconds: wish.returnsAt)),
          .int4(Int32(StoreLimits.activeAllocations)),
        ], timeout)
  }

  /// Returns what was set aside before its time. What is free of it is the line's; that it gets it, the
  /// sweeper sees to.
  package func endAllocation(
    id: Int64, _ identity: RequestIdentity, by actor: TermsActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TermsOutcome {
    try await act(Statements.endAllocation, actor, identity, [.int8(id)], timeout)
  }

  /// Allocations of a show by id, those too that have returned.
  package func allocations(
    ofShow showID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<ManagedAllocation> {
    var filter = RequestHash(command: "allocations")
    filter.add(showID)
    return try await database.page(
      Statements.listManagedAllocations, filter, [.int8(showID)], pageSize, pageToken, timeout,
      key: { ("", $0.allocation.id) }, ManagedAllocation.init)
  }
}
