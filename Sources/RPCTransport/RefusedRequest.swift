// A request that is no gRPC call: what is left of its stream is a few words for whoever sent it.

import Reactor

/// The attachment of a stream that was refused by an HTTP status.
final class RefusedRequest {
  /// What a person with a browser or curl reads.
  static let text = Array("gRPC calls are POST requests of type application/grpc.\n".utf8)

  /// When the response ended on this side.
  let ended = LoopInstant.now
}
