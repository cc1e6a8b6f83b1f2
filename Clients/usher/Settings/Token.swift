// The partner's secret key: where it may come from, and that it is never printed.

import Foundation

/// A secret key. Its description hides it.
struct Token: Sendable, Equatable, CustomStringConvertible {
  let secret: String
  var description: String { "(hidden)" }
  /// Whether it is a session's access token: keys of partners have a prefix.
  var isCustomers: Bool { !secret.hasPrefix("usher_") }

  /// Takes a key as it stands in a variable or a file. Throws when it cannot travel as metadata.
  init(_ text: String, from origin: String) throws(Failure) {
    secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw Failure(
        .usage, "\(origin) holds no key",
        hint: "A key is one word of printable ASCII, for example usher_pk_….")
    }
  }

  /// Reads a file that holds nothing but a key, or JSON with a member `partner_key`, as the demo
  /// writes it. `-` is standard input.
  init(file path: String) throws(Failure) {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limitBytes: Limits.tokenFileBytes)
    } catch {
      throw Failure(
        .usage, "cannot read the token file \(path): \(BoundedFile.reason(error))")
    }
    if let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let key = object["partner_key"] as? String
    {
      try self.init(key, from: path)
    } else {
      try self.init(String(decoding: bytes, as: UTF8.self), from: path)
    }
  }
}
