// Messages by generated types: what is accepted must survive the way out and in again.

import ProtoWire
import UsherProtos

enum FuzzTypes {
  /// Nested, repeated, maps, oneofs, recursion and the well-known types.
  static let all: [any ProtoJSONMessage.Type] = [
    Usher.V1.HoldSeatsRequest.self, Usher.V1.HoldSeatsResponse.self,
    Usher.V1.GetSeatMapResponse.self, Usher.V1.ListShowsResponse.self, Google.Rpc.Status.self,
    Google.Rpc.ErrorInfo.self, Google.Rpc.BadRequest.self, Google.Protobuf.Struct.self,
    Google.Protobuf.Value.self, Google.Protobuf.Any_.self, Google.Protobuf.Timestamp.self,
    Google.Protobuf.Duration.self, Google.Protobuf.FieldMask.self,
    Google.Protobuf.DoubleValue.self, Google.Protobuf.BytesValue.self,
  ]
}

enum CodecFuzz {
  /// The first byte chooses the type.
  static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let type = FuzzTypes.all[Int(first) % FuzzTypes.all.count]
    check(type, Array(input.dropFirst()))
  }

  private static func check<M: ProtoJSONMessage>(_ type: M.Type, _ bytes: [UInt8]) {
    guard let message = try? M(protoBytes: bytes) else { return }
    let once = message.protoBytes()
    precondition(once.count == message.encodedByteCount())
    guard let again = try? M(protoBytes: once) else {
      preconditionFailure("what was written cannot be read")
    }
    precondition(again.protoBytes() == once, "a second way changes the bytes")
    _ = message.jsonBytes()
  }
}

enum JSONFuzz {
  /// The first byte chooses the type and whether unknown names are passed over.
  static func run(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let options = ProtoJSONOptions(ignoresUnknown: first & 128 != 0)
    let type = FuzzTypes.all[Int(first & 127) % FuzzTypes.all.count]
    check(type, Array(input.dropFirst()), options)
  }

  private static func check<M: ProtoJSONMessage>(
    _ type: M.Type, _ text: [UInt8], _ options: ProtoJSONOptions
  ) {
    guard let message = try? M(jsonBytes: text, options: options) else { return }
    _ = message.protoBytes()
    guard let once = try? message.canonicalJSONBytes() else { return }
    guard let again = try? M(jsonBytes: once) else {
      preconditionFailure("what was written cannot be read")
    }
    precondition(again.jsonBytes() == once, "a second way changes the text")
  }
}
