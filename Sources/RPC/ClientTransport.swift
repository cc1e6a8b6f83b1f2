// The client's side of calls: options, the transport's interface, and the four kinds of call that
// generated stubs use.

package import ProtoWire
package import Reactor

/// What a caller may say about one call.
package struct CallOptions: Sendable {
  /// Metadata to send.
  package var metadata: Metadata
  /// How long to wait for the whole call; nil waits for ever.
  package var timeout: Duration?
  /// Whether requests are compressed with gzip. Responses are understood either way.
  package var compressesRequests: Bool
  /// Whether to wait for a connection instead of failing while there is none.
  package var waitForReady: Bool

  package init(
    metadata: Metadata = Metadata(), timeout: Duration? = nil, waitForReady: Bool = false,
    compressesRequests: Bool = false
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.compressesRequests = compressesRequests
    self.waitForReady = waitForReady
  }
}

/// Something that can start calls: a channel, or in tests a server in the same process.
package protocol ClientTransport: Sendable {
  /// The loop on which its calls live.
  var loop: EventLoop { get }
  /// Starts a call. Runs on the loop. Throws UNAVAILABLE without a connection.
  func open(_ method: MethodDescriptor, _ options: CallOptions) async throws(RPCError)
    -> ClientStreamState
}

extension ClientTransport {
  /// A call with one request and one response.
  package func unary<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ request: Q, _ options: CallOptions
  ) async throws(RPCError) -> R {
    let call = try await start(method, options)
    return try await call.exchange(request)
  }

  /// A call with one request and many responses.
  package func serverStreaming<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ request: Q, _ options: CallOptions
  ) async throws(RPCError) -> ResponseReader<R> {
    let call = try await start(method, options)
    try await call.send(request)
    await call.endRequest()
    return ResponseReader(call)
  }

  /// A call with many requests.
  package func openStream<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> ClientStream<Q, R> {
    ClientStream(try await start(method, options))
  }

  private func start(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> ClientCall {
    let bound = try await loop.run { () async throws(RPCError) in
      LoopBound(try await open(method, options), loop: loop)
    }
    return ClientCall(bound, self)
  }
}
