// Who a verified certificate says its holder is. The certificate's bytes are the peer's, but an
// authority that we trust has signed them.

import COpenSSL
import Glibc

/// The names and the fingerprint of a peer's certificate.
package struct PeerCertificate: Sendable, Hashable {
  /// Distinguished name as RFC 2253 writes it, for example `CN=box-office,O=Odeon`.
  package private(set) var subject: String
  /// Subject alternative names by kind (RFC 5280, section 4.2.1.6), in the certificate's order.
  package private(set) var dnsNames: [String] = []
  package private(set) var uris: [String] = []
  package private(set) var emailAddresses: [String] = []
  package private(set) var ipAddresses: [String] = []
  /// SHA-256 of the whole certificate in lower-case hexadecimal digits.
  package let fingerprint: String

  /// Reads an X509; nil when OpenSSL cannot.
  init?(_ certificate: OpaquePointer) {
    guard let fingerprint = Self.fingerprint(certificate), let subject = Self.subject(certificate)
    else { return nil }
    self.fingerprint = fingerprint
    self.subject = subject
    readAlternativeNames(certificate)
  }

  private static func fingerprint(_ certificate: OpaquePointer) -> String? {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    guard X509_digest(certificate, EVP_sha256(), &digest, nil) == 1 else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  private static func subject(_ certificate: OpaquePointer) -> String? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(memory) }
    guard usher_X509_print_subject(memory, certificate) >= 0 else { return nil }
    var text = [UInt8](repeating: 0, count: Limits.subjectBytes)
    let count = BIO_read(memory, &text, Int32(text.count))
    return String(decoding: text.prefix(Int(max(0, count))), as: UTF8.self)
  }

  private mutating func readAlternativeNames(_ certificate: OpaquePointer) {
    guard let names = usher_X509_alternative_names(certificate) else { return }
    defer { GENERAL_NAMES_free(names) }
    for index in 0..<min(usher_GENERAL_NAMES_count(names), Limits.alternativeNames) {
      var bytes: UnsafePointer<UInt8>?
      var count: Int32 = 0
      let kind = usher_GENERAL_NAMES_value(names, index, &bytes, &count)
      guard let bytes, count > 0 else { continue }
      add(kind, UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
  }

  private mutating func add(_ kind: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
    if kind == GEN_IPADD {
      if let address = Self.address(bytes) { ipAddresses.append(address) }
      return
    }
    // A zero byte or a line end in a name is somebody's trick, never a name.
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return }
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case GEN_DNS: dnsNames.append(text)
    case GEN_URI: uris.append(text)
    case GEN_EMAIL: emailAddresses.append(text)
    default: break
    }
  }

  private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else {
      return nil
    }
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
