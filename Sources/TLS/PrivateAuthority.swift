// A certificate authority for one folder: what a demo or a test needs to speak TLS without asking
// anyone. Not for production: its key is thrown away after one server certificate is made.

import COpenSSL
import Glibc

package enum PrivateAuthority {
  private static let certificateDays = 825

  /// Makes an authority and a server certificate for the given names and writes three PEM files:
  /// the authority's certificate, the server's certificate and, readable by its owner only, the
  /// server's key. Existing files are replaced. Throws `.configuration` when one cannot be written.
  ///
  /// - Parameter names: host names and IP addresses that the certificate is good for.
  package static func issue(
    names: [String], authorityFile: String, certificateFile: String, keyFile: String
  ) throws(TLSError) {
    let authorityKey = try Key()
    let authority = try Certificate(commonName: "Usher private authority", key: authorityKey)
    try authority.add(NID_basic_constraints, "critical,CA:TRUE", issuer: authority)
    try authority.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: authority)
    try authority.add(NID_subject_key_identifier, "hash", issuer: authority)
    try authority.sign(issuer: authority, authorityKey)

    let serverKey = try Key()
    let server = try Certificate(commonName: "usherd", key: serverKey)
    try server.add(NID_basic_constraints, "critical,CA:FALSE", issuer: authority)
    try server.add(NID_key_usage, "critical,digitalSignature", issuer: authority)
    try server.add(NID_ext_key_usage, "serverAuth", issuer: authority)
    try server.add(NID_authority_key_identifier, "keyid", issuer: authority)
    try server.add(NID_subject_alt_name, alternativeNames(names), issuer: authority)
    try server.sign(issuer: authority, authorityKey)

    try write(authorityFile, mode: 0o644) { PEM_write_bio_X509($0, authority.handle) }
    try write(certificateFile, mode: 0o644) { PEM_write_bio_X509($0, server.handle) }
    try write(keyFile, mode: 0o600) {
      PEM_write_bio_PrivateKey($0, serverKey.handle, nil, nil, 0, nil, nil)
    }
  }

  private static func alternativeNames(_ names: [String]) -> String {
    names.map { name in
      let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
      return "\(isAddress ? "IP" : "DNS"):\(name)"
    }.joined(separator: ",")
  }

  private static func write(
    _ path: String, mode: mode_t, _ body: (OpaquePointer) -> Int32
  ) throws(TLSError) {
    let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard fd >= 0 else { throw TLSError(.configuration, "cannot write \(path)") }
    guard fchmod(fd, mode) == 0, let file = BIO_new_fd(fd, BIO_CLOSE) else {
      close(fd)
      throw TLSError(.configuration, "cannot write \(path)")
    }
    defer { BIO_free(file) }
    guard body(file) == 1 else { throw .last(.configuration, "cannot write \(path)") }
  }

  private struct Key: ~Copyable {
    let handle: OpaquePointer

    init() throws(TLSError) {
      guard let handle = usher_new_P256_key() else { throw .last(.library, "no key") }
      self.handle = handle
    }

    deinit { EVP_PKEY_free(handle) }
  }

  private struct Certificate: ~Copyable {
    let handle: OpaquePointer

    init(commonName: String, key: borrowing Key) throws(TLSError) {
      guard let handle = X509_new() else { throw .last(.library, "no certificate") }
      self.handle = handle
      X509_set_version(handle, 2)
      var serial: UInt64 = 0
      withUnsafeMutableBytes(of: &serial) {
        _ = RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
      }
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(handle), serial >> 1)
      X509_gmtime_adj(X509_getm_notBefore(handle), -300)
      X509_gmtime_adj(X509_getm_notAfter(handle), certificateDays * 86_400)
      X509_set_pubkey(handle, key.handle)
      X509_NAME_add_entry_by_txt(
        X509_get_subject_name(handle), "CN", MBSTRING_UTF8, commonName, -1, -1, 0)
    }

    deinit { X509_free(handle) }

    func add(_ kind: Int32, _ value: String, issuer: borrowing Certificate) throws(TLSError) {
      guard let part = usher_X509_extension(kind, value, issuer.handle, handle) else {
        throw .last(.configuration, "cannot certify \(value)")
      }
      defer { X509_EXTENSION_free(part) }
      X509_add_ext(handle, part, -1)
    }

    func sign(issuer: borrowing Certificate, _ key: borrowing Key) throws(TLSError) {
      X509_set_issuer_name(handle, X509_get_subject_name(issuer.handle))
      guard X509_sign(handle, key.handle, EVP_sha256()) > 0 else {
        throw .last(.library, "cannot sign a certificate")
      }
    }
  }
}
