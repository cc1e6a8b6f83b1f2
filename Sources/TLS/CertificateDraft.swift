// Keys, certificates in the making, and the PEM files that they end in. Used by PrivateAuthority
// only; nothing here is on the way of a connection.

import COpenSSL
import Glibc

/// A fresh P-256 key.
struct KeyPair: ~Copyable {
  let handle: OpaquePointer

  init() throws(TLSError) {
    guard Library.isPrepared, let handle = usher_new_P256_key() else {
      throw .last(.library, "no key")
    }
    self.handle = handle
  }

  deinit { EVP_PKEY_free(handle) }
}

/// A certificate until it is signed.
struct CertificateDraft: ~Copyable {
  let handle: OpaquePointer
  /// Random, and positive also for those who read it with a sign.
  let serial: UInt64

  init(
    commonName: String, validity: PrivateAuthority.Validity, key: borrowing KeyPair
  ) throws(TLSError) {
    var random: UInt64 = 0
    let isRandom = withUnsafeMutableBytes(of: &random) {
      RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32($0.count))
    }
    guard isRandom == 1, let handle = X509_new() else { throw .last(.library, "no certificate") }
    self.handle = handle
    serial = random >> 1
    X509_set_version(handle, 2)
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(handle), serial)
    X509_gmtime_adj(X509_getm_notBefore(handle), validity.from)
    X509_gmtime_adj(X509_getm_notAfter(handle), validity.to)
    X509_set_pubkey(handle, key.handle)
    X509_NAME_add_entry_by_txt(
      X509_get_subject_name(handle), "CN", MBSTRING_UTF8, commonName, -1, -1, 0)
  }

  deinit { X509_free(handle) }

  func add(_ kind: Int32, _ value: String, issuer: borrowing CertificateDraft) throws(TLSError) {
    guard let part = usher_X509_extension(kind, value, issuer.handle, handle) else {
      throw .last(.configuration, "cannot certify \(value)")
    }
    defer { X509_EXTENSION_free(part) }
    X509_add_ext(handle, part, -1)
  }

  func sign(issuer: borrowing CertificateDraft, _ key: borrowing KeyPair) throws(TLSError) {
    X509_set_issuer_name(handle, X509_get_subject_name(issuer.handle))
    guard X509_sign(handle, key.handle, EVP_sha256()) > 0 else {
      throw .last(.library, "cannot sign a certificate")
    }
  }
}

enum PEMFile {
  /// Replaces a file with what the body writes to it.
  static func write(
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
}
