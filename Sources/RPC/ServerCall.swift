// A server call as handlers and generated code see it: messages in, messages out, a status.

package import ProtoWire
import Reactor

/// One call in the hands of its handler. Stays on the call's loop.
package struct ServerCall: Sendable {
  package var context: ServerContext

  package init(_ context: ServerContext) { self.context = context }

  private var stream: ServerStream { context.stream.value }

  func takeOnlyRequest<Q: ProtoMessage>(_ type: Q.Type) throws(RPCError) -> Q {
    try decodeMessage(try takeOnlyBytes())
  }

  func takeOnlyBytes() throws(RPCError) -> [UInt8] { try stream.inbound.takeOnly() }

  /// Waits for the single request of a server-streaming call and for the end of the request.
  func onlyRequest<Q: ProtoMessage>(_ type: Q.Type) async throws(RPCError) -> Q {
    guard let bytes = try await stream.receiveNext() else {
      throw RPCError(.unimplemented, "the request has no message")
    }
    guard try await stream.receiveNext() == nil else {
      throw RPCError(.unimplemented, "the request has more than one message")
    }
    return try decodeMessage(bytes)
  }

  func nextRequest<Q: ProtoMessage>(_ type: Q.Type) async throws(RPCError) -> Q? {
    guard let bytes = try await stream.receiveNext() else { return nil }
    return try decodeMessage(bytes)
  }

  func respond(_ message: some ProtoMessage) throws(RPCError) {
    try stream.respond(message.envelope())
  }

  func respond(_ answer: SharedEnvelope) throws(RPCError) {
    context.answer(with: answer)
    try stream.respond([])
  }

  func sendWaiting(_ envelope: [UInt8], compress: Bool = true) async throws(RPCError) {
    let stream = stream
    try await stream.gate.waitForRoom { stream.queuedByteCount }
    try stream.send(envelope, compress: compress)
  }
}

/// A message from its bytes. Throws INTERNAL when they are none.
package func decodeMessage<M: ProtoMessage>(_ bytes: [UInt8]) throws(RPCError) -> M {
  do {
    return try M(protoBytes: bytes)
  } catch {
    throw RPCError(.internal, "a message of type \(M.protoName) could not be decoded")
  }
}

/// Where a streaming handler writes its responses.
package struct ResponseWriter<Message: ProtoMessage>: Sendable {
  /// The call itself, for `Broadcast.join`.
  package let call: ServerCall

  init(_ call: ServerCall) { self.call = call }

  /// Sends a message; waits while the client is slow to read. Throws CANCELLED or
  /// DEADLINE_EXCEEDED once the call is over. `compress` false exempts the message from
  /// `ServerContext.compressResponses()`.
  package func write(_ message: Message, compress: Bool = true) async throws(RPCError) {
    try await call.sendWaiting(message.envelope(), compress: compress)
  }

  /// Sends a message that is already in its envelope, so that many calls can share its bytes.
  package func write(envelope: [UInt8]) async throws(RPCError) {
    try await call.sendWaiting(envelope)
  }
}

/// Where a streaming handler reads its requests.
package struct RequestReader<Message: ProtoMessage>: Sendable {
  private let call: ServerCall

  init(_ call: ServerCall) { self.call = call }

  /// The next request, or nil after the last. Throws CANCELLED or DEADLINE_EXCEEDED once the call
  /// is over, INTERNAL when the message cannot be decoded.
  package func next() async throws(RPCError) -> Message? {
    try await call.nextRequest(Message.self)
  }
}
