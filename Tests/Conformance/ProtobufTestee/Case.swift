// One case of the conformance runner: a payload read as one type, written in one format.

import ProtoWire

typealias Result = Conformance.ConformanceResponse.Result

/// A request, and what becomes of it.
struct Case {
  private let request: Conformance.ConformanceRequest

  init(_ request: Conformance.ConformanceRequest) { self.request = request }

  var result: Result {
    // The runner's first question. There are no such cases: the list is empty.
    if request.messageType == Conformance.FailureSet.protoName {
      return .protobufPayload(Conformance.FailureSet().protoBytes())
    }
    guard let type = ProtoRegistry.types[request.messageType] else {
      return .skipped("\(request.messageType): proto3 only")
    }
    return type.result(of: self)
  }

  /// What is asked for and not played; nil for what is.
  var reasonToSkip: String? {
    switch (request.payload, request.requestedOutputFormat) {
    case (.jspbPayload?, _), (_, .jspb): "JSPB"
    case (.textPayload?, _), (_, .textFormat): "text format"
    default: nil
    }
  }

  /// The payload as a message.
  func message<M: ProtoJSONMessage>(_: M.Type) throws -> M {
    switch request.payload {
    case .protobufPayload(let bytes)?: return try M(protoBytes: bytes)
    case .jsonPayload(let text)?:
      let isLenient = request.testCategory == .jsonIgnoreUnknownParsingTest
      return try M(
        jsonBytes: Array(text.utf8), options: ProtoJSONOptions(ignoresUnknown: isLenient))
    default: throw BrokenFrame("a request without a payload")
    }
  }

  /// The message in the format asked for.
  func written(_ message: some ProtoJSONMessage) throws -> Result {
    switch request.requestedOutputFormat {
    case .protobuf: return .protobufPayload(message.protoBytes())
    case .json:
      return .jsonPayload(String(decoding: try message.canonicalJSONBytes(), as: UTF8.self))
    default: return .runtimeError("no such output format")
    }
  }
}

extension ProtoJSONMessage {
  /// What becomes of a case whose payload is of this type.
  fileprivate static func result(of played: Case) -> Result {
    if let reason = played.reasonToSkip { return .skipped(reason) }
    let message: Self
    do {
      message = try played.message(Self.self)
    } catch {
      return .parseError("\(error)")
    }
    do {
      return try played.written(message)
    } catch {
      return .serializeError("\(error)")
    }
  }
}
