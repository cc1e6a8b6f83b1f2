// What a failed attempt's status says about trying again: pushback in the trailers, RetryInfo in the
// details. Both are a peer's bytes; what makes no sense says nothing, or "do not" for pushback.

/// The server's word on repeating a call.
struct RetryAdvice {
  /// `grpc-retry-pushback-ms` (gRFC A6, "Pushback").
  enum Pushback: Equatable {
    case none
    case after(Duration)
    /// A negative or unreadable value.
    case doNotRetry
  }

  let pushback: Pushback
  /// `google.rpc.RetryInfo.retry_delay`.
  let retryInfo: Duration?

  init(_ error: RPCError) {
    pushback = Self.pushback(error.trailers.values("grpc-retry-pushback-ms"))
    retryInfo = Self.retryInfo(error.details)
  }

  /// How long the server asks to wait, by either means.
  var delay: Duration? {
    if case .after(let delay) = pushback { return delay }
    return retryInfo
  }

  private static func pushback(_ values: [String]) -> Pushback {
    guard let value = values.first else { return .none }
    guard values.count == 1, let milliseconds = Int32(value), milliseconds >= 0 else {
      return .doNotRetry
    }
    return .after(.milliseconds(Int64(milliseconds)))
  }

  /// Looks for `RetryInfo { Duration retry_delay = 1 }` among `Status { repeated Any details = 3 }`.
  private static func retryInfo(_ details: [UInt8]) -> Duration? {
    guard !details.isEmpty, let status = WireFields(details) else { return nil }
    for detail in status.bytes(3).lazy.compactMap({ WireFields($0) }) {
      let type = String(decoding: detail.bytes(1).last ?? [], as: UTF8.self)
      guard type.split(separator: "/").last == "google.rpc.RetryInfo",
        let info = WireFields(detail.bytes(2).last ?? []),
        let delay = WireFields(info.bytes(1).last ?? [])
      else { continue }
      let (seconds, nanos) = (delay.varint(1), delay.varint(2))
      guard seconds <= 86_400, nanos < 1_000_000_000 else { continue }
      return .seconds(Int64(seconds)) + .nanoseconds(Int64(nanos))
    }
    return nil
  }
}
