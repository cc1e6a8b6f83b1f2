// Ed25519 keys (RFC 8032) from PEM files, and what is signed with them.

import Bytes
import COpenSSL
import TLS

/// A private key that signs and checks. Immutable once made, so any thread may use it.
final class SigningKey: @unchecked Sendable {
  // SAFETY: EVP_PKEY is used through functions that only read it, which OpenSSL documents as safe from
  // several threads; `deinit` releases it.
  private let handle: OpaquePointer
  /// The public key's first bytes in base64url: which key signed a token.
  let id: String

  /// Takes ownership. Throws for any kind of key but Ed25519.
  init(owning handle: OpaquePointer) throws(SecretsError) {
    var bytes = [UInt8](repeating: 0, count: 32)
    var byteCount = bytes.count
    guard EVP_PKEY_get_base_id(handle) == EVP_PKEY_ED25519,
      EVP_PKEY_get_raw_public_key(handle, &bytes, &byteCount) == 1, byteCount == 32
    else {
      EVP_PKEY_free(handle)
      throw .keyFile("holds a key that is not Ed25519")
    }
    self.handle = handle
    id = Base64URL.encode(Array(bytes.prefix(9)))
  }

  deinit { EVP_PKEY_free(handle) }

  /// A fresh key.
  static func random() throws(SecretsError) -> SigningKey {
    guard Library.isPrepared, let handle = usher_new_ed25519_key() else {
      throw .system("no key could be made")
    }
    return try SigningKey(owning: handle)
  }

  /// The keys of a PEM file, in its order; at least one.
  static func read(_ path: String) throws(SecretsError) -> [SigningKey] {
    guard Library.isPrepared, let file = BIO_new_file(path, "r") else {
      throw .keyFile("cannot be read")
    }
    defer { BIO_free(file) }
    var keys: [SigningKey] = []
    while let handle = PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in 0 }, nil) {
      keys.append(try SigningKey(owning: handle))
      guard keys.count <= Limits.signingKeys else {
        throw .keyFile("holds more than \(Limits.signingKeys) keys")
      }
    }
    ERR_clear_error()
    guard !keys.isEmpty else { throw .keyFile("holds no private key") }
    return keys
  }

  /// The key as PEM.
  func pem() -> String? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(memory) }
    guard PEM_write_bio_PrivateKey(memory, handle, nil, nil, 0, nil, nil) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = BIO_read(memory, &bytes, Int32(bytes.count))
    return count > 0 ? String(decoding: bytes.prefix(Int(count)), as: UTF8.self) : nil
  }

  /// The signature of a message. The corresponding C function is `EVP_DigestSign`.
  func sign(_ message: [UInt8]) throws(SecretsError) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw .system("no memory") }
    defer { EVP_MD_CTX_free(context) }
    var signature = [UInt8](repeating: 0, count: 64)
    var byteCount = signature.count
    guard EVP_DigestSignInit(context, nil, nil, nil, handle) == 1,
      EVP_DigestSign(context, &signature, &byteCount, message, message.count) == 1,
      byteCount == 64
    else { throw .system("a token could not be signed") }
    return signature
  }

  /// Whether a signature is this key's of a message. The corresponding C function is
  /// `EVP_DigestVerify`.
  func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    let isGood =
      EVP_DigestVerifyInit(context, nil, nil, nil, handle) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    if !isGood { ERR_clear_error() }
    return isGood
  }
}

/// Base64 with the alphabet for URLs, without padding (RFC 4648, section 5).
enum Base64URL {
  static func encode(_ bytes: [UInt8]) -> String {
    String(
      decoding: Base64.encode(bytes, padded: false).utf8.map { byte in
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: byte
        }
      }, as: UTF8.self)
  }

  /// Nil for anything but the one text that encodes some bytes.
  static func decode(_ text: Substring) -> [UInt8]? {
    let plain = text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      // Of the other alphabet, or padding: not ours.
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): UInt8(ascii: " ")
      default: byte
      }
    }
    guard let bytes = Base64.decode(plain), encode(bytes) == text else { return nil }
    return bytes
  }
}
