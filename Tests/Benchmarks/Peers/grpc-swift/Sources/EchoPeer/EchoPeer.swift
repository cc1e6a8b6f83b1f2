// grpc-swift-2's server with its NIO transport: one event loop, bytes in and bytes out without a
// codec, which is in its favour.

import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import NIOPosix

struct BytesCodec: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
    Bytes(message)
  }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    bytes.withUnsafeBytes { Array($0) }
  }
}

struct EchoService: RegistrableRPCService {
  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(
      forMethod: MethodDescriptor(fullyQualifiedService: "bench.Echo", method: "Unary"),
      deserializer: BytesCodec(), serializer: BytesCodec()
    ) { request, _ in
      let single = try await ServerRequest(stream: request)
      return StreamingServerResponse(
        single: ServerResponse(message: single.message))
    }
  }
}

@main struct EchoPeer {
  /// `HOST:PORT [CERTIFICATE KEY]`; cleartext without a certificate.
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    let parts = arguments[0].split(separator: ":")
    var security = HTTP2ServerTransport.Posix.TransportSecurity.plaintext
    if arguments.count == 3 {
      security = .tls(
        certificateChain: [.file(path: arguments[1], format: .pem)],
        privateKey: .file(path: arguments[2], format: .pem))
    }
    let transport = HTTP2ServerTransport.Posix(
      address: .ipv4(host: String(parts[0]), port: Int(parts[1]) ?? 0),
      transportSecurity: security,
      eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: 1))
    let server = GRPCServer(transport: transport, services: [EchoService()])
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await server.serve() }
      if let address = try await server.listeningAddress?.ipv4 {
        FileHandle.standardOutput.write(Data("ready 127.0.0.1:\(address.port)\n".utf8))
      }
    }
  }
}
