// What the server has seen of one call, and how it tells of it.

import ConnectProtos
import ProtoWire
import RPC

/// The requests of a call, kept to be echoed.
struct CallRecord {
  /// Kept for one call, in bytes: the suite's largest call has two messages of 200 KiB.
  private static let byteLimit = 16 << 20
  /// What a kept request costs besides its bytes.
  private static let overheadBytes = 64

  private let context: ServerContext
  private var requests: [Google.Protobuf.Any_] = []
  private var byteCount = 0

  init(_ context: ServerContext) { self.context = context }

  /// Keeps a request.
  mutating func note(_ request: some ProtoMessage) throws(RPCError) {
    let packed = Google.Protobuf.Any_(packing: request)
    byteCount += packed.value.count + Self.overheadBytes
    guard byteCount <= Self.byteLimit else {
      throw RPCError(.resourceExhausted, "requests of more than \(Self.byteLimit) bytes")
    }
    requests.append(packed)
  }

  /// Headers, remaining time and the requests that no response has told of.
  mutating func takeAll() -> Suite.ConformancePayload.RequestInfo {
    var info = takeRequests()
    info.requestHeaders = headers()
    info.timeoutMs = context.remaining.map {
      $0.components.seconds * 1_000 + $0.components.attoseconds / 1_000_000_000_000_000
    }
    return info
  }

  /// The requests that no response has told of.
  mutating func takeRequests() -> Suite.ConformancePayload.RequestInfo {
    defer { (requests, byteCount) = ([], 0) }
    return Suite.ConformancePayload.RequestInfo(requests: requests)
  }

  /// Request metadata, the values of a name together.
  private func headers() -> [Suite.Header] {
    var headers: [Suite.Header] = []
    for field in context.metadata.fields {
      if let index = headers.firstIndex(where: { $0.name == field.name }) {
        headers[index].value.append(field.value)
      } else {
        headers.append(Suite.Header(name: field.name, value: [field.value]))
      }
    }
    return headers
  }
}

extension Google.Protobuf.Any_ {
  init<Message: ProtoMessage>(packing message: Message) {
    self.init(
      typeUrl: "type.googleapis.com/\(Message.protoName)", value: message.protoBytes())
  }
}

extension Suite.Error {
  /// The status that a request asks for; `seen` goes with its details.
  func status(_ seen: Suite.ConformancePayload.RequestInfo?) -> RPCError {
    let code = StatusCode(rawValue: Int(self.code.rawValue)) ?? .unknown
    let status = Google.Rpc.Status(
      code: Int32(code.rawValue), message: message ?? "",
      details: details + (seen.map { [Google.Protobuf.Any_(packing: $0)] } ?? []))
    return RPCError(code, message ?? "", details: status.protoBytes())
  }
}

extension ServerContext {
  /// Adds response metadata as a request asks for it, and answers compressed requests compressed.
  func prepare(_ headers: [Suite.Header], _ trailers: [Suite.Header]) {
    if lastRequestWasCompressed { compressResponses() }
    for header in headers {
      for value in header.value { addInitialMetadata(header.name.lowercased(), value) }
    }
    for trailer in trailers {
      for value in trailer.value { addTrailer(trailer.name.lowercased(), value) }
    }
  }
}
