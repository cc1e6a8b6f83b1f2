// Bytes into a whole server over a Unix socket: what a stranger can reach before and while calling.

import Foundation
import Logging
import RPC
import RPCTransport
import Reactor
import UsherProtos

enum ConnectionFuzz {
  private static let hello =
    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
  private static let question: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0] + [1, 2, 3, 4, 5, 6, 7, 8]

  /// Sends the input behind a good hello and reads to the end. Behind whole frames comes a ping,
  /// whose answer says that the server has done what there was to do.
  static func run(_ input: [UInt8]) {
    let peer = UnixPeer(to: FuzzServer.shared.path)
    var sent = FrameScanner()
    _ = sent.take(input)
    peer.send(hello + input + (sent.isAtBoundary ? question : []))
    if !sent.isAtBoundary { peer.endSending() }
    var answers = FrameScanner()
    while let bytes = peer.receive() {
      let isAnswered = answers.take(bytes).contains {
        $0.type == 6 && $0.flags == 1 && $0.payload.elementsEqual(question.suffix(8))
      }
      if isAnswered { peer.endSending() }
    }
  }
}

/// One server for all inputs: what an input leaves behind meets the next.
private final class FuzzServer: Sendable {
  static let shared = FuzzServer()
  let path = fuzzPath("server")
  private let server: Server

  private init() {
    do {
      let loop = try EventLoop(name: "fuzz")
      var configuration = ServerConfiguration(endpoints: [.unix(path: path)], tls: nil)
      configuration.limits.goAwayPause = .zero
      server = try Server(
        loops: [loop], router: Self.router(), configuration: configuration,
        logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }))
    } catch {
      preconditionFailure("no server: \(error)")
    }
    let started = DispatchSemaphore(value: 0)
    let server = server
    Thread.detachNewThread {
      Task {
        await server.start()
        started.signal()
      }
    }
    started.wait()
  }

  /// `/t/U`, `/t/S`, `/t/C`, `/t/B`: short paths are found sooner.
  private static func router() -> Router {
    typealias Message = Google.Rpc.Status
    func method(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
      MethodDescriptor(service: "t", method: name, kind: kind, sideEffects: false)
    }
    var router = Router()
    router.unary(method("U", .unary)) { (request: Message, _) in request }
    router.serverStreaming(method("S", .serverStreaming)) {
      (request: Message, responses: ResponseWriter<Message>, _) async throws(RPCError) in
      for _ in 0..<3 { try await responses.write(request) }
    }
    router.clientStreaming(method("C", .clientStreaming)) {
      (requests: RequestReader<Message>, _) async throws(RPCError) -> Message in
      var last = Message()
      while let next = try await requests.next() { last = next }
      return last
    }
    router.bidirectional(method("B", .bidirectional)) {
      (requests: RequestReader<Message>, responses: ResponseWriter<Message>, _)
        async throws(RPCError) in
      while let next = try await requests.next() { try await responses.write(next) }
    }
    return router
  }
}
