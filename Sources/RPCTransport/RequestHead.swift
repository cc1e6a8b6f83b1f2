// Reads a request's header block: is it gRPC, for which method, with what deadline and metadata.

import Bytes
import Glibc
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
    static func find(in block: HeaderBlock) -> Indices {
      var found = Indices()
      for index in 0..<block.count { found.note(index, of: block) }
      return found
    }

    private mutating func note(_ index: Int, of block: HeaderBlock) {
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

  /// A function and not an initialiser, which would be given copies.
  static func read(_ block: HeaderBlock, _ router: Router) -> RequestHead {
    let indices = Indices.find(in: block)
    guard let method = indices.method, block.hasValue(method, "POST") else {
      return .refusedByHTTP(status: "405")
    }
    guard let type = indices.contentType, block.withValue(type, isGRPC) else {
      return .refusedByHTTP(status: "415")
    }
    guard let route = indices.path.flatMap({ block.withValue($0) { router.route($0) } }) else {
      let path = indices.path.map { block.value($0) } ?? ""
      return .refused(RPCError(.unimplemented, "unknown method \(path.prefix(200))"))
    }
    return read(block, indices, route)
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
    let base: StaticString = "application/grpc"
    let count = base.utf8CodeUnitCount
    guard contentType.count >= count, let start = contentType.baseAddress,
      memcmp(start, base.utf8Start, count) == 0
    else { return false }
    let rest = contentType[count...]
    return rest.isEmpty || rest.first == UInt8(ascii: ";") || rest.starts(with: "+proto".utf8)
  }
}
