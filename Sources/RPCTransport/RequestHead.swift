// Reads a request's header block: is it gRPC, for which method, with what deadline and metadata.

import HTTP2
import RPC
import Reactor

/// What a request's headers ask for, or how they are refused.
enum RequestHead {
  case call(Router.Route, Metadata, timeout: Duration?, MessageEncodings)
  /// Not gRPC at all: an HTTP status.
  case refusedByHTTP(status: String)
  /// gRPC, but it cannot be served: trailers only.
  case refused(RPCError)

  init(_ block: HeaderBlock, _ router: Router) {
    guard block[":method"] == "POST" else {
      self = .refusedByHTTP(status: "405")
      return
    }
    guard let contentType = block["content-type"], Self.isGRPC(contentType) else {
      self = .refusedByHTTP(status: "415")
      return
    }
    let path = block[":path"] ?? ""
    guard let route = router.route(path) else {
      self = .refused(RPCError(.unimplemented, "unknown method \(path.prefix(200))"))
      return
    }
    self = Self.read(block, route)
  }

  private static func read(_ block: HeaderBlock, _ route: Router.Route) -> RequestHead {
    var metadata = Metadata()
    var timeout: Duration?
    var encodings = MessageEncodings()
    for index in 0..<block.count {
      let name = block.name(index)
      switch name {
      case "grpc-timeout":
        guard let parsed = Timeout.parse(block.value(index)) else {
          return .refused(RPCError(.internal, "malformed grpc-timeout"))
        }
        timeout = parsed
      case "grpc-encoding":
        guard encodings.declare(block.value(index)) else { return .refused(unknownEncoding) }
      case "grpc-accept-encoding": encodings.accept(block.value(index))
      case "content-type", "te": break
      default:
        guard !name.hasPrefix(":"), !name.hasPrefix("grpc-") else { break }
        metadata.append(verified: name, block.value(index))
      }
    }
    return .call(route, metadata, timeout: timeout, encodings)
  }

  private static var unknownEncoding: RPCError {
    var trailers = Metadata()
    trailers.append("grpc-accept-encoding", "identity,gzip")
    return RPCError(.unimplemented, "unsupported grpc-encoding", trailers: trailers)
  }

  private static func isGRPC(_ contentType: String) -> Bool {
    let base = "application/grpc"
    guard contentType.hasPrefix(base) else { return false }
    guard let next = contentType.dropFirst(base.count).first else { return true }
    if next == ";" { return true }
    return contentType.hasPrefix(base + "+proto")
  }
}
