// A client call in the hands of its caller, who may be on any thread: every step hops to the loop.

package import ProtoWire
import Reactor

/// One call of any kind, untyped. Cancelling the task that waits on it cancels the call.
struct ClientCall: Sendable {
  private let stream: LoopBound<ClientStreamState>

  /// On the call's loop.
  init(_ stream: ClientStreamState) {
    self.stream = LoopBound(stream, loop: stream.loop)
  }

  func send(_ message: some ProtoMessage, compress: Bool = true) async throws(RPCError) {
    let envelope = message.envelope()
    try await onLoop { (stream) async throws(RPCError) in
      try await stream.gate.waitForRoom { stream.queuedByteCount }
      try stream.send(envelope, compress: compress)
    }
  }

  func endRequest() async {
    await stream.loop.run { stream.value.endRequest() }
  }

  func next<R: ProtoMessage>() async throws(RPCError) -> R? {
    let bytes = try await onLoop { (stream) async throws(RPCError) in
      do throws(RPCError) {
        return try await stream.receiveNext()
      } catch {
        // A message that cannot be opened ends the call; any other error has ended it before.
        stream.abandon(error)
        throw error
      }
    }
    guard let bytes else { return nil }
    return try decodeMessage(bytes)
  }

  /// One message each way.
  func exchange(_ envelope: [UInt8]) async throws(RPCError) -> [UInt8] {
    try await onLoop { (stream) async throws(RPCError) in
      do throws(RPCError) {
        try stream.send(envelope)
        stream.endRequest()
        let first = try await stream.receiveNext()
        guard let first, try await stream.receiveNext() == nil else {
          throw RPCError(.unimplemented, "a unary response needs exactly one message")
        }
        return first
      } catch {
        stream.abandon(error)
        throw error
      }
    }
  }

  func cancel() {
    let stream = stream
    stream.loop.execute { stream.value.abandon(.cancelled) }
  }

  func metadata() async -> (initial: Metadata, trailing: Metadata) {
    await stream.loop.run { (stream.value.initialMetadata, stream.value.trailers) }
  }

  func lastWasCompressed() async -> Bool {
    await stream.loop.run { stream.value.inbound.lastWasCompressed }
  }

  private func onLoop<T: Sendable>(
    _ body: @escaping @Sendable (ClientStreamState) async throws(RPCError) -> T
  ) async throws(RPCError) -> T {
    let outcome: Result<T, RPCError> = await withTaskCancellationHandler {
      await stream.loop.run {
        do throws(RPCError) {
          return .success(try await body(stream.value))
        } catch {
          return .failure(error)
        }
      }
    } onCancel: {
      cancel()
    }
    return try outcome.get()
  }
}

/// What readers and writers of one streaming call share. When the last of them is gone nobody can
/// read the call to its end, so it is cancelled.
final class CallHandle: Sendable {
  let call: ClientCall
  /// A call keeps its channel, and so its connection, alive.
  private let transport: any ClientTransport

  init(_ call: ClientCall, _ transport: any ClientTransport) {
    self.call = call
    self.transport = transport
  }

  deinit { call.cancel() }
}

/// The responses of a server-streaming call. A call whose reader is dropped is cancelled.
package struct ResponseReader<Message: ProtoMessage>: Sendable {
  private let handle: CallHandle

  init(_ handle: CallHandle) { self.handle = handle }

  /// The next response, or nil after the last when the status is OK; throws any other status.
  package func next() async throws(RPCError) -> Message? { try await handle.call.next() }

  /// Gives the call up.
  package func cancel() { handle.call.cancel() }

  /// Initial and trailing metadata, as far as they have arrived.
  package func metadata() async -> (initial: Metadata, trailing: Metadata) {
    await handle.call.metadata()
  }

  /// Whether the response read last had come compressed.
  package func lastWasCompressed() async -> Bool { await handle.call.lastWasCompressed() }
}

/// A call whose client streams: many requests, one or many responses. A call that is dropped before
/// its end is cancelled.
package struct ClientStream<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
  private let handle: CallHandle

  init(_ handle: CallHandle) { self.handle = handle }

  /// Sends a request; waits while the server is slow to read. `compress` false exempts it from
  /// `CallOptions.compressesRequests`.
  package func write(_ request: Request, compress: Bool = true) async throws(RPCError) {
    try await handle.call.send(request, compress: compress)
  }

  /// Ends the requests.
  package func finishWriting() async { await handle.call.endRequest() }

  /// The next response, or nil after the last when the status is OK; throws any other status.
  package func next() async throws(RPCError) -> Response? { try await handle.call.next() }

  /// Gives the call up.
  package func cancel() { handle.call.cancel() }

  /// Initial and trailing metadata, as far as they have arrived.
  package func metadata() async -> (initial: Metadata, trailing: Metadata) {
    await handle.call.metadata()
  }

  /// Whether the response read last had come compressed.
  package func lastWasCompressed() async -> Bool { await handle.call.lastWasCompressed() }
}
