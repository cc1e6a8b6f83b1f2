// From a request's path to its handler, through the interceptors.

package import ProtoWire
import Reactor

/// The methods a server offers. Built before the server starts, then shared by all loops.
package struct Router: Sendable {
  /// A method with the code that serves it.
  package struct Route: Sendable {
    package let method: MethodDescriptor
    /// Largest request message, in bytes.
    package fileprivate(set) var receiveLimitBytes: Int
    fileprivate let serve: @Sendable (ServerCall) async throws(RPCError) -> Void
  }

  private var routes: [String: Route] = [:]
  private let interceptors: [any ServerInterceptor]

  /// Creates a router whose calls pass through the interceptors in the given order.
  package init(interceptors: [any ServerInterceptor] = []) {
    self.interceptors = interceptors
  }

  /// Every method, in no particular order.
  package var methods: [MethodDescriptor] { routes.values.map(\.method) }

  /// The route of a `:path`, or nil.
  package func route(_ path: String) -> Route? { routes[path] }

  /// Sets the largest request message for every method of a service.
  package mutating func limitRequests(ofService service: String, toBytes limit: Int) {
    for (path, route) in routes where route.method.service == service {
      routes[path]?.receiveLimitBytes = limit
    }
  }

  // MARK: Registration, called by generated code

  package mutating func unary<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (Q, ServerContext) async throws(RPCError) -> R
  ) {
    add(method) { (call) async throws(RPCError) in
      let request = try call.takeOnlyRequest(Q.self)
      try call.send(try await handler(request, call.context))
    }
  }

  package mutating func serverStreaming<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler:
      @escaping @Sendable (Q, ResponseWriter<R>, ServerContext) async throws(RPCError) ->
      Void
  ) {
    add(method) { (call) async throws(RPCError) in
      let request = try await call.onlyRequest(Q.self)
      try await handler(request, ResponseWriter(call), call.context)
    }
  }

  package mutating func clientStreaming<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (RequestReader<Q>, ServerContext) async throws(RPCError) -> R
  ) {
    add(method) { (call) async throws(RPCError) in
      try call.send(try await handler(RequestReader(call), call.context))
    }
  }

  package mutating func bidirectional<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler:
      @escaping @Sendable (RequestReader<Q>, ResponseWriter<R>, ServerContext)
      async throws(RPCError) -> Void
  ) {
    add(method) { (call) async throws(RPCError) in
      try await handler(RequestReader(call), ResponseWriter(call), call.context)
    }
  }

  private mutating func add(
    _ method: MethodDescriptor,
    _ serve: @escaping @Sendable (ServerCall) async throws(RPCError) -> Void
  ) {
    precondition(routes[method.path] == nil, "method registered twice: \(method.path)")
    routes[method.path] = Route(
      method: method, receiveLimitBytes: Limits.messageBytes, serve: serve)
  }

  // MARK: Serving

  /// Serves one call to its end. A unary request must be complete. Runs on the call's loop.
  package func serve(_ route: Route, _ stream: ServerStream, _ context: ServerContext) {
    let bound = LoopBound(stream, loop: stream.loop)
    stream.start { await run(route, bound.value, context) }
  }

  private func run(_ route: Route, _ stream: ServerStream, _ context: ServerContext) async {
    var call = ServerCall(context: context, stream: stream)
    do {
      for interceptor in interceptors {
        try await interceptor.callBegins(&call.context)
        observeEnd(of: stream, call.context, interceptor)
      }
      try await route.serve(call)
      call.finish()
    } catch {
      call.finish(error)
    }
  }

  private func observeEnd(
    of stream: ServerStream, _ context: ServerContext, _ interceptor: any ServerInterceptor
  ) {
    let began = LoopInstant.now
    stream.whenClosed { interceptor.callEnded(context, $0, took: .now - began) }
  }
}
