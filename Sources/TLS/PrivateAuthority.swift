// A certificate authority of one's own: what a demo or a test needs to speak TLS without asking
// anyone. Not for production: its key lives in memory only and is gone with the process.

import COpenSSL
import Glibc

/// Issues certificates for servers and clients, and lists of revoked ones.
package final class PrivateAuthority {
  /// What a certificate is good for.
  package enum Use: String, Sendable {
    case server = "serverAuth"
    case client = "clientAuth"
  }

  /// A span of time relative to now, in seconds.
  package struct Validity: Sendable {
    let from: Int
    let to: Int

    /// `from` and `to` in seconds from now; negative ones have passed.
    package init(from: Int, to: Int) {
      self.from = from
      self.to = to
    }

    /// From a little before now, for clocks that are behind, and as long as browsers allow.
    package static let usual = Validity(from: -300, to: 825 * 86_400)
  }

  private let key: KeyPair
  private let certificate: CertificateDraft

  package init(commonName: String = "Usher private authority") throws(TLSError) {
    key = try KeyPair()
    certificate = try CertificateDraft(
      commonName: commonName, validity: .usual, key: key)
    try certificate.add(NID_basic_constraints, "critical,CA:TRUE", issuer: certificate)
    try certificate.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: certificate)
    try certificate.add(NID_subject_key_identifier, "hash", issuer: certificate)
    try certificate.sign(issuer: certificate, key)
  }

  /// Writes the authority's certificate as PEM, replacing the file.
  package func write(to path: String) throws(TLSError) {
    try PEMFile.write(path, mode: 0o644) { PEM_write_bio_X509($0, certificate.handle) }
  }

  /// Makes a key and a certificate for it and writes both as PEM, the key readable by its owner
  /// only. Returns the certificate's serial number.
  ///
  /// - Parameter names: alternative names: host names, IP addresses, URIs and e-mail addresses.
  @discardableResult
  package func issue(
    _ use: Use, commonName: String, names: [String], validity: Validity = .usual,
    certificateFile: String, keyFile: String
  ) throws(TLSError) -> UInt64 {
    let subjectKey = try KeyPair()
    let subject = try CertificateDraft(
      commonName: commonName, validity: validity, key: subjectKey)
    try subject.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
    try subject.add(NID_key_usage, "critical,digitalSignature", issuer: certificate)
    try subject.add(NID_ext_key_usage, use.rawValue, issuer: certificate)
    try subject.add(NID_authority_key_identifier, "keyid", issuer: certificate)
    if !names.isEmpty {
      try subject.add(
        NID_subject_alt_name, Self.alternativeNames(names), issuer: certificate)
    }
    try subject.sign(issuer: certificate, key)
    try PEMFile.write(certificateFile, mode: 0o644) { PEM_write_bio_X509($0, subject.handle) }
    try PEMFile.write(keyFile, mode: 0o600) {
      PEM_write_bio_PrivateKey($0, subjectKey.handle, nil, nil, 0, nil, nil)
    }
    return subject.serial
  }

  /// Writes a list of revoked certificates as PEM, replacing the file.
  package func writeRevocations(
    of serials: [UInt64], validity: Validity = .usual, to path: String
  ) throws(TLSError) {
    guard let list = X509_CRL_new() else { throw .last(.library, "no revocation list") }
    defer { X509_CRL_free(list) }
    let now = time(nil)
    let times = (ASN1_TIME_set(nil, now + validity.from), ASN1_TIME_set(nil, now + validity.to))
    defer {
      ASN1_TIME_free(times.0)
      ASN1_TIME_free(times.1)
    }
    X509_CRL_set_version(list, 1)
    X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate.handle))
    X509_CRL_set1_lastUpdate(list, times.0)
    X509_CRL_set1_nextUpdate(list, times.1)
    for serial in serials {
      guard usher_X509_CRL_revoke(list, serial, now + validity.from) == 1 else {
        throw .last(.library, "cannot revoke a certificate")
      }
    }
    X509_CRL_sort(list)
    guard X509_CRL_sign(list, key.handle, EVP_sha256()) > 0 else {
      throw .last(.library, "cannot sign a revocation list")
    }
    try PEMFile.write(path, mode: 0o644) { PEM_write_bio_X509_CRL($0, list) }
  }

  /// Makes an authority and a server certificate for the given names and writes three PEM files:
  /// the authority's certificate, the server's certificate and, readable by its owner only, the
  /// server's key. Existing files are replaced. Throws `.configuration` when one cannot be written.
  ///
  /// - Parameter names: host names and IP addresses that the certificate is good for.
  package static func issue(
    names: [String], authorityFile: String, certificateFile: String, keyFile: String
  ) throws(TLSError) {
    let authority = try PrivateAuthority()
    try authority.write(to: authorityFile)
    try authority.issue(
      .server, commonName: "usherd", names: names, certificateFile: certificateFile,
      keyFile: keyFile)
  }

  private static func alternativeNames(_ names: [String]) -> String {
    names.map { name in
      if name.contains("://") { return "URI:\(name)" }
      if name.contains("@") { return "email:\(name)" }
      let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
      return "\(isAddress ? "IP" : "DNS"):\(name)"
    }.joined(separator: ",")
  }
}
