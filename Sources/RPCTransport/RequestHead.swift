// Reads a request's header block: is it gRPC, for which method, with what deadline and metadata.

import Bytes
import RPC
import Reactor

/// What a request's headers ask for, or how they are refused.
enum RequestHead {
  case call(Route, timeout: Duration?, MessageEncodings)
  /// Not gRPC at all: an HTTP status.
  case refusedByHTTP(status: String)
  /// gRPC, but it cannot be served: trailers only.
  case refused(RPCError)

  /// Where the fields are that decide; found in one pass.
  private struct Indices {
    var method: Int?
    var path: Int?
    var contentType: Int?
    var timeout: Int?
    var encoding: Int?
    var acceptEncoding: Int?

    /// The first of several fields of one name counts; nghttp2 refuses doubled pseudo-headers.
    init(_ block: HeaderBlock) {
      for index in 0..<block.count {
        switch block.nameByteCount(index) {
        case 5 where path == nil && block.hasName(index, ":path"): path = index
        case 7 where method == nil && block.hasName(index, ":method"): method = index
        case 12 where contentType == nil && block.hasName(index, "content-type"):
          contentType = index
        case 12 where timeout == nil && block.hasName(index, "grpc-timeout"): timeout = index
        case 13 where encoding == nil && block.hasName(index, "grpc-encoding"): encoding = index
        case 20 where acceptEncoding == nil && block.hasName(index, "grpc-accept-encoding"):
          acceptEncoding = index
        default: break
        }
      }
    }
  }

  init(_ block: HeaderBlock, _ router: Router) {
    let indices = Indices(block)
    guard let method = indices.method, block.hasValue(method, "POST") else {
      self = .refusedByHTTP(status: "405")
      return
    }
    guard let type = indices.contentType, block.withValue(type, Self.isGRPC) else {
      self = .refusedByHTTP(status: "415")
      return
    }
    guard let route = indices.path.flatMap({ block.withValue($0, router.route) }) else {
      let path = indices.path.map { block.value($0) } ?? ""
      self = .refused(RPCError(.unimplemented, "unknown method \(path.prefix(200))"))
      return
    }
    self = Self.read(block, indices, route)
  }

  private static func read(
    _ block: HeaderBlock, _ indices: Indices, _ route: Route
  ) -> RequestHead {
    var timeout: Duration?
    var encodings = MessageEncodings()
    if let index = indices.timeout {
      guard let parsed = Timeout.parse(block.value(index)) else {
        return .refused(RPCError(.internal, "malformed grpc-timeout"))
      }
      timeout = parsed
    }
    if let index = indices.encoding {
      guard encodings.declare(block.value(index)) else { return .refused(unknownEncoding) }
    }
    if let index = indices.acceptEncoding { encodings.accept(block.value(index)) }
    return .call(route, timeout: timeout, encodings)
  }

  private static var unknownEncoding: RPCError {
    var trailers = Metadata()
    trailers.append("grpc-accept-encoding", "identity,gzip")
    return RPCError(.unimplemented, "unsupported grpc-encoding", trailers: trailers)
  }

  /// `application/grpc`, alone, with parameters or as `+proto`.
  private static func isGRPC(_ contentType: UnsafeBufferPointer<UInt8>) -> Bool {
    let base = "application/grpc"
    let text = contentType[...]
    guard text.starts(with: base.utf8) else { return false }
    let rest = text.dropFirst(base.utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: ";") || rest.starts(with: "+proto".utf8)
  }
}
