// Where a caller that wants to see a response's metadata finds it.

import Synchronization

/// The metadata of one call's response, for callers that ask: put one into
/// `CallOptions.responseMetadata` and read it after the call, also after one that failed.
package final class ResponseMetadata: Sendable {
  private let values = Mutex((initial: Metadata(), trailing: Metadata()))

  package init() {}

  /// Initial metadata, once it has arrived.
  package var initial: Metadata { values.withLock { $0.initial } }

  /// Trailing metadata, once the call has ended.
  package var trailing: Metadata { values.withLock { $0.trailing } }

  func setInitial(_ metadata: Metadata) { values.withLock { $0.initial = metadata } }

  func setTrailing(_ metadata: Metadata) { values.withLock { $0.trailing = metadata } }
}
