// What a service becomes: descriptors, a server protocol, a stub, a registration.

import ProtoWire
import RPC
import Testing

/// A server that repeats what it hears.
private struct Echo: V1.TalkServiceServer {
  func say(_ request: V1.Leaf, context: ServerContext) async throws(RPCError) -> V1.Leaf { request }
  func look(_ request: V1.Leaf, context: ServerContext) async throws(RPCError) -> V1.Leaf {
    request
  }
  func gather(
    _ requests: RequestReader<V1.Leaf>, context: ServerContext
  ) async throws(RPCError) -> V1.Leaf {
    var sum = V1.Leaf()
    while let leaf = try await requests.next() { sum.number &+= leaf.number }
    return sum
  }
  func scatter(
    _ request: V1.Leaf, responses: ResponseWriter<V1.Leaf>, context: ServerContext
  ) async throws(RPCError) {
    for _ in 0..<request.number { try await responses.write(request) }
  }
  func converse(
    _ requests: RequestReader<V1.Leaf>, responses: ResponseWriter<V1.Leaf>, context: ServerContext
  ) async throws(RPCError) {
    while let leaf = try await requests.next() { try await responses.write(leaf) }
  }
  func `import`(_ request: V1.Leaf, context: ServerContext) async throws(RPCError) -> V1.Leaf {
    request
  }
}

@Suite struct ServiceTests {
  @Test func methodsAreDescribed() {
    let all = V1.TalkServiceMethods.all
    #expect(all.map(\.method) == ["Say", "Look", "Gather", "Scatter", "Converse", "Import"])
    #expect(
      all.map(\.kind) == [
        .unary, .unary, .clientStreaming, .serverStreaming, .bidirectional, .unary,
      ])
    #expect(all.map(\.sideEffects) == [true, false, true, true, true, true])
    #expect(V1.TalkServiceMethods.say.path == "/everything.v1.TalkService/Say")
    #expect(V1.SilentServiceMethods.all.isEmpty)
  }

  @Test func everyMethodIsRouted() {
    var router = Router()
    router.register(Echo())
    #expect(Set(router.methods) == Set(V1.TalkServiceMethods.all))
    for method in V1.TalkServiceMethods.all {
      #expect(router.route(method.path)?.method == method)
    }
  }

  @Test func theStubsCallsHaveTheRightTypes() {
    // That these assignments compile is the test; nothing is called.
    typealias Options = CallOptions
    let calls: (V1.TalkServiceClient) -> Void = { client in
      let unary: (V1.Leaf, Options) async throws(RPCError) -> V1.Leaf = client.say
      let scatter: (V1.Leaf, Options) async throws(RPCError) -> ResponseReader<V1.Leaf> =
        client.scatter
      let gather: (Options) async throws(RPCError) -> ClientStream<V1.Leaf, V1.Leaf> = client.gather
      let converse: (Options) async throws(RPCError) -> ClientStream<V1.Leaf, V1.Leaf> =
        client.converse
      _ = (unary, scatter, gather, converse)
    }
    _ = calls
  }
}
