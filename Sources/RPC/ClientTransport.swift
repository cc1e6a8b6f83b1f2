// The client's side of calls: options, the transport's interface, and the four kinds of call that
// generated stubs use. Interceptors run here, so that no kind can pass them by.

package import ProtoWire
package import Reactor

/// What a caller may say about one call.
package struct CallOptions: Sendable {
  /// Metadata to send.
  package var metadata: Metadata
  /// How long to wait for the whole call, connecting and repeated attempts included; nil waits for
  /// ever.
  package var timeout: Duration?
  /// Whether requests are compressed with gzip. Responses are understood either way.
  package var compressesRequests: Bool
  /// Whether to wait for a connection instead of failing while there is none.
  package var waitForReady: Bool
  /// Whether making the call twice does no more than making it once, as with a request id. A method
  /// without side effects needs no such word.
  package var isSafe: Bool
  /// How often and when a safe call is repeated, in place of its channel's policy.
  package var retryPolicy: RetryPolicy?
  /// Filled with the response's metadata when set.
  package var responseMetadata: ResponseMetadata?

  package init(
    metadata: Metadata = Metadata(), timeout: Duration? = nil, waitForReady: Bool = false,
    compressesRequests: Bool = false, isSafe: Bool = false,
    retryPolicy: RetryPolicy? = nil, responseMetadata: ResponseMetadata? = nil
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.compressesRequests = compressesRequests
    self.waitForReady = waitForReady
    self.isSafe = isSafe
    self.retryPolicy = retryPolicy
    self.responseMetadata = responseMetadata
  }
}

/// Something that can start calls, such as a channel.
package protocol ClientTransport: Sendable {
  /// The loop on which its calls live.
  var loop: EventLoop { get }
  /// What runs around every call, in order.
  var interceptors: [any ClientInterceptor] { get }
  /// Starts a call; it waits for its connection on its own. Runs on the loop.
  func open(_ context: ClientContext) -> ClientStreamState
}

extension ClientTransport {
  /// A call with one request and one response.
  package func unary<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ request: Q, _ options: CallOptions
  ) async throws(RPCError) -> R {
    let envelope = request.envelope()
    let bytes = try await loop.run { () async throws(RPCError) in
      try await ClientCall(try await begin(method, options)).exchange(envelope)
    }
    return try decodeMessage(bytes)
  }

  /// A call with one request and many responses.
  package func serverStreaming<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ request: Q, _ options: CallOptions
  ) async throws(RPCError) -> ResponseReader<R> {
    let handle = try await start(method, options)
    try await handle.call.send(request)
    await handle.call.endRequest()
    return ResponseReader(handle)
  }

  /// A call with many requests.
  package func openStream<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> ClientStream<Q, R> {
    ClientStream(try await start(method, options))
  }

  private func start(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> CallHandle {
    let call = try await loop.run { () async throws(RPCError) in
      ClientCall(try await begin(method, options))
    }
    return CallHandle(call, self)
  }

  /// Takes a call through the interceptors and opens it. Runs on the loop.
  private func begin(
    _ method: MethodDescriptor, _ options: CallOptions
  ) async throws(RPCError) -> ClientStreamState {
    var context = ClientContext(method, options)
    let chain = interceptors
    guard !chain.isEmpty else { return open(context) }
    var watches: [CallWatch] = []
    do throws(RPCError) {
      for interceptor in chain {
        try await interceptor.callBegins(&context)
        watches.append(CallWatch(interceptor, context))
      }
    } catch {
      for watch in watches.reversed() { watch.end(error.code) }
      throw error
    }
    let stream = open(context)
    for watch in watches {
      stream.whenRepeated { watch.interceptor.callRepeats(watch.context, $0, after: $1) }
      stream.whenClosed(watch.end)
    }
    return stream
  }
}

/// An interceptor that has seen a call begin, and has to see it end.
private struct CallWatch {
  let interceptor: any ClientInterceptor
  let context: ClientContext
  private let began = LoopInstant.now

  init(_ interceptor: any ClientInterceptor, _ context: ClientContext) {
    self.interceptor = interceptor
    self.context = context
  }

  func end(_ code: StatusCode) { interceptor.callEnded(context, code, took: .now - began) }
}
