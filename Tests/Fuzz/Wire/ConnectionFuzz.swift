// Bytes into a whole server over a Unix socket: what a stranger can reach before and while calling.

import Foundation
import Logging
import RPC
import RPCTransport
import Reactor
import UsherProtos

enum ConnectionFuzz {
  private static let hello =
    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [
      0, 0, 0, 4, 0, 0, 0, 0, 0,
    ]

  /// Sends the input behind a good hello and reads to the end. A server that neither answers nor
  /// closes for ten seconds has failed.
  static func run(_ input: [UInt8]) {
    let peer = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(peer) }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    precondition(FuzzServer.shared.connect(peer), "the server accepts nobody any more")
    let bytes = hello + input
    _ = bytes.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    shutdown(peer, Int32(SHUT_WR))
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(peer, &chunk, chunk.count, 0)
      if count == 0 || (count < 0 && errno == ECONNRESET) { return }
      // libFuzzer's clock is a signal, after which a socket with a time limit is not asked again.
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { fatalError("the server neither answers nor closes: errno \(errno)") }
    }
  }
}

/// One server for all inputs: what an input leaves behind meets the next.
private final class FuzzServer: Sendable {
  static let shared = FuzzServer()
  private let path: String
  private let server: Server

  private init() {
    path = "/tmp/usher-fuzz-\(ProcessInfo.processInfo.processIdentifier).sock"
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

  func connect(_ peer: Int32) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(peer, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
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
