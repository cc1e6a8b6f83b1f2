// Short ways to write bytes and to name an error.

import ProtoWire

typealias V1 = Everything.V1

/// Bytes from hexadecimal digits; blanks are for the eye.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] * 16 + digits[$0 + 1])
  }
}

/// The error that decoding gives, nil when it gives none.
func refusal<M: ProtoMessage>(
  _: M.Type, _ bytes: [UInt8], limits: ProtoLimits = ProtoLimits()
) -> ProtoDecodingError? {
  do throws(ProtoDecodingError) {
    _ = try M(protoBytes: bytes, limits: limits)
    return nil
  } catch {
    return error
  }
}
