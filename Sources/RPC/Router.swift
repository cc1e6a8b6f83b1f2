// From a request's path to its handler, through the interceptors.

import Glibc
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
  private let path: [UInt8]
  /// Serves a call that the interceptors let through: answers it at once, or says what has to wait.
  fileprivate let handle: @Sendable (ServerCall) throws(RPCError) -> Rest?

  /// What is left to do of a call that was not answered at once.
  fileprivate typealias Rest = @Sendable (ServerCall) async throws(RPCError) -> Void

  fileprivate init(
    _ method: MethodDescriptor, receiveLimitBytes: Int, _ interceptors: [any ServerInterceptor],
    _ handle: @escaping @Sendable (ServerCall) throws(RPCError) -> Rest?
  ) {
    self.method = method
    needsWholeRequest = method.kind == .unary
    hasOneRequest = method.kind == .unary || method.kind == .serverStreaming
    self.receiveLimitBytes = receiveLimitBytes
    self.interceptors = interceptors
    path = Array(method.path.utf8)
    self.handle = handle
  }

  /// Whether requests with this path are for it.
  fileprivate func hasPath(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count == path.count, let start = bytes.baseAddress else { return false }
    return path.withUnsafeBufferPointer { known in
      known.baseAddress.map { memcmp($0, start, bytes.count) == 0 } ?? true
    }
  }

  /// Serves one call to its end. A unary request must be complete. Runs on the call's loop.
  package func serve(_ stream: ServerStream) { stream.start(self) }
}

/// A call on its way through the interceptors to its handler. What needs no waiting is done before there
/// is a task; the task does the rest.
struct HandlerRun: LoopJob {
  private let route: Route
  private let context: ServerContext
  private let began: LoopInstant
  /// Interceptors that have begun: they are told of the end, those behind them are not.
  private var begunCount = 0
  private var rest: Route.Rest?

  init(_ route: Route, _ context: ServerContext) {
    self.route = route
    self.context = context
    began = .now
  }

  /// Goes as far as that is possible without waiting; true when the call was answered.
  mutating func finishesAtOnce() throws(RPCError) -> Bool {
    while begunCount < route.interceptors.count {
      guard try route.interceptors[begunCount].callBeginsAtOnce(context) else { return false }
      noteBegun()
    }
    rest = try route.handle(ServerCall(context))
    return rest == nil
  }

  private mutating func noteBegun() {
    context.stream.value.observe(begunCount, of: route.interceptors, began: began)
    begunCount += 1
  }

  func run() async {
    let stream = context.stream
    var run = self
    do {
      try await run.finish()
      stream.value.handlerEnded(nil)
    } catch {
      stream.value.handlerEnded(error)
    }
  }

  private mutating func finish() async throws(RPCError) {
    var call = ServerCall(context)
    while begunCount < route.interceptors.count {
      try await route.interceptors[begunCount].callBegins(&call.context)
      noteBegun()
    }
    if rest == nil { rest = try route.handle(call) }
    try await rest?(call)
  }
}

/// What a handler has when it was asked: the answer, or what it takes to get it.
package enum PromptAnswer<Answer: Sendable>: Sendable {
  /// Nothing to wait for.
  case answer(Answer)
  /// The rest of the work, which waits.
  case waiting(@Sendable () async throws(RPCError) -> Answer)
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
    routesByHash[Self.hash(path)]?.first { $0.hasPath(path) }
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

  /// Sets the largest request message for one method that is served.
  package mutating func limitRequests(of method: MethodDescriptor, toBytes limit: Int) {
    guard let route = routes[method.path] else {
      preconditionFailure("not a method that is served: \(method.path)")
    }
    put(Route(method, receiveLimitBytes: limit, interceptors, route.handle))
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

  /// Serves a registered unary method by a handler that answers at once when it has nothing to wait
  /// for.
  package mutating func answerAtOnce<Q: ProtoMessage, R: ProtoMessage>(
    _ method: MethodDescriptor,
    _ handler:
      @escaping @Sendable (Q, ServerContext) throws(RPCError) -> PromptAnswer<R>
  ) {
    serveAtOnce(method) { (call) throws(RPCError) in
      switch try handler(try call.takeOnlyRequest(Q.self), call.context) {
      case .answer(let answer):
        try call.respond(answer)
        return nil
      case .waiting(let rest):
        return { (call) async throws(RPCError) in try call.respond(try await rest()) }
      }
    }
  }

  /// As `answerAtOnce`, by a handler that is given the request as it came, decodes it by `decodeMessage` when
  /// it has to, and answers with messages in their envelopes.
  package mutating func answerBytesAtOnce(
    _ method: MethodDescriptor,
    _ handler:
      @escaping @Sendable ([UInt8], ServerContext) throws(RPCError) -> PromptAnswer<SharedEnvelope>
  ) {
    serveAtOnce(method) { (call) throws(RPCError) in
      switch try handler(try call.takeOnlyBytes(), call.context) {
      case .answer(let answer):
        try call.respond(answer)
        return nil
      case .waiting(let rest):
        return { (call) async throws(RPCError) in try call.respond(try await rest()) }
      }
    }
  }

  private mutating func serveAtOnce(
    _ method: MethodDescriptor,
    _ handle: @escaping @Sendable (ServerCall) throws(RPCError) -> Route.Rest?
  ) {
    guard let route = routes[method.path], method.kind == .unary else {
      preconditionFailure("not a unary method that is served: \(method.path)")
    }
    put(Route(method, receiveLimitBytes: route.receiveLimitBytes, interceptors, handle))
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
    put(Route(method, receiveLimitBytes: Limits.messageBytes, interceptors) { _ in serve })
  }
}
