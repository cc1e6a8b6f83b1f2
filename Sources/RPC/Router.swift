// From a request's path to its handler, through the interceptors.

package import ProtoWire
import Reactor

/// A method with the code that serves it.
package final class Route: Sendable {
  package let method: MethodDescriptor
  /// Whether the handler needs the whole request before it runs: a unary call.
  package let needsWholeRequest: Bool
  /// Whether the client may send one message only.
  package let hasOneRequest: Bool
  /// Largest request message, in bytes.
  package let receiveLimitBytes: Int
  fileprivate let interceptors: [any ServerInterceptor]
  fileprivate let handle: @Sendable (ServerCall) async throws(RPCError) -> Void

  fileprivate init(
    _ method: MethodDescriptor, receiveLimitBytes: Int, _ interceptors: [any ServerInterceptor],
    _ handle: @escaping @Sendable (ServerCall) async throws(RPCError) -> Void
  ) {
    self.method = method
    needsWholeRequest = method.kind == .unary
    hasOneRequest = method.kind == .unary || method.kind == .serverStreaming
    self.receiveLimitBytes = receiveLimitBytes
    self.interceptors = interceptors
    self.handle = handle
  }

  /// Serves one call to its end. A unary request must be complete. Runs on the call's loop.
  package func serve(_ stream: ServerStream) { stream.start(self) }

  /// Runs the chain. An interceptor that has begun is told of the end, those behind it are not.
  fileprivate func begin(_ context: inout ServerContext) async throws(RPCError) {
    let began = LoopInstant.now
    for index in interceptors.indices {
      try await interceptors[index].callBegins(&context)
      context.stream.value.observe(index, of: interceptors, began: began)
    }
  }
}

/// What the task of a call does.
struct HandlerRun: LoopJob {
  let route: Route
  let context: ServerContext

  func run() async {
    let stream = context.stream
    var call = ServerCall(context)
    do {
      if !route.interceptors.isEmpty { try await route.begin(&call.context) }
      try await route.handle(call)
      stream.value.handlerEnded(nil)
    } catch {
      stream.value.handlerEnded(error)
    }
  }
}

/// The methods a server offers. Built before the server starts, then shared by all loops.
package struct Router: Sendable {
  private var routes: [String: Route] = [:]
  /// The same routes by the hash of their paths' bytes: a request's path need not become a String.
  private var routesByHash: [UInt64: [Route]] = [:]
  private let interceptors: [any ServerInterceptor]

  /// Creates a router whose calls pass through the interceptors in the given order.
  package init(interceptors: [any ServerInterceptor] = []) {
    self.interceptors = interceptors
  }

  /// Every method, in no particular order.
  package var methods: [MethodDescriptor] { routes.values.map(\.method) }

  /// The route of a `:path`, or nil.
  package func route(_ path: String) -> Route? { routes[path] }

  /// The route of a `:path` given as its bytes, or nil.
  package func route(_ path: UnsafeBufferPointer<UInt8>) -> Route? {
    routesByHash[Self.hash(path)]?.first { $0.method.path.utf8.elementsEqual(path) }
  }

  /// FNV-1a. Only names from the schemas are in the table, so no peer can fill a bucket.
  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Sets the largest request message for every method of a service.
  package mutating func limitRequests(ofService service: String, toBytes limit: Int) {
    for route in routes.values where route.method.service == service {
      put(Route(route.method, receiveLimitBytes: limit, interceptors, route.handle))
    }
  }

  private mutating func put(_ route: Route) {
    let path = route.method.path
    routes[path] = route
    let key = Self.hash(path.utf8)
    routesByHash[key, default: []].removeAll { $0.method.path == path }
    routesByHash[key, default: []].append(route)
  }

  // MARK: Registration, called by generated code

  package mutating func unary<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (Q, ServerContext) async throws(RPCError) -> R
  ) {
    add(method) { (call) async throws(RPCError) in
      let request = try call.takeOnlyRequest(Q.self)
      try call.respond(try await handler(request, call.context))
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
      try call.respond(try await handler(RequestReader(call), call.context))
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
    put(Route(method, receiveLimitBytes: Limits.messageBytes, interceptors, serve))
  }
}
