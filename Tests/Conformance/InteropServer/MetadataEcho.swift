// Sends two pairs of request metadata back, whatever the method: one ahead, one behind.

import RPC

final class MetadataEcho: ServerInterceptor {
  private static let initial = "x-grpc-test-echo-initial"
  private static let trailing = "x-grpc-test-echo-trailing-bin"

  func callBegins(_ context: inout ServerContext) async throws(RPCError) {
    for value in context.metadata.values(Self.initial) {
      context.addInitialMetadata(Self.initial, value)
    }
    for value in context.metadata.values(Self.trailing) {
      context.addTrailer(Self.trailing, value)
    }
  }
}
