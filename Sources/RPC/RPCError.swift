// The one error type of the RPC floor: a gRPC status that is not OK.

/// A call's failure, exactly as it travels: code, message, details and trailing metadata.
package struct RPCError: Error, Equatable, CustomStringConvertible {
  /// Never `.ok`.
  package var code: StatusCode
  /// Text for a developer; any Unicode, percent-encoded on the wire.
  package var message: String
  /// A serialized `google.rpc.Status`, or empty; travels as `grpc-status-details-bin`.
  package var details: [UInt8]
  /// Trailing metadata that goes with the status.
  package var trailers: Metadata

  package init(
    _ code: StatusCode, _ message: String, details: [UInt8] = [], trailers: Metadata = Metadata()
  ) {
    self.code = code == .ok ? .internal : code
    self.message = message
    self.details = details
    self.trailers = trailers
  }

  /// The call was given up by its client, or its connection is gone.
  package static let cancelled = RPCError(.cancelled, "the call was cancelled")
  /// The call's time is up.
  package static let deadlineExceeded = RPCError(.deadlineExceeded, "the deadline has passed")

  /// Code name and message.
  package var description: String { "\(code.name): \(message)" }
}
