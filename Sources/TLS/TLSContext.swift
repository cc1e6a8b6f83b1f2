// What all TLS sessions of one role share: certificate, key, trust, protocol versions, ALPN `h2`.

import COpenSSL

/// A server's or client's TLS settings. Immutable after creation and shared by all loops.
package final class TLSContext: @unchecked Sendable {
  // SAFETY: an SSL_CTX is reference-counted and may be used by many threads once it is set up;
  // nothing changes it after init.
  let handle: OpaquePointer
  package let isServer: Bool

  /// A server with a PEM certificate chain and its PEM private key.
  ///
  /// Throws `.configuration` when a file cannot be read or the key does not fit the certificate.
  package init(
    serverCertificateFile: String, keyFile: String, clients: ClientTrust = .none
  ) throws(TLSError) {
    isServer = true
    handle = try Self.make(TLS_server_method())
    // From here on `deinit` frees the handle, also when an error is thrown.
    try Self.present(handle, certificateFile: serverCertificateFile, keyFile: keyFile)
    SSL_CTX_set_alpn_select_cb(handle, selectALPN, nil)
    // No session is resumed: every new connection would pay for tickets that no other node takes.
    // A resumed session would also skip the look at a client certificate's dates and at the
    // revocation list.
    _ = usher_SSL_CTX_disable_session_cache(handle)
    usher_SSL_CTX_disable_tickets(handle)
    if clients.demand != .off { try Self.demand(handle, clients) }
  }

  /// A client that trusts the PEM certificates of a file, or the system's when it is nil. Shows a
  /// certificate of its own to servers that ask for one, when it is given one with its key.
  package init(
    trustedCertificateFile: String?, certificate: (file: String, keyFile: String)? = nil
  ) throws(TLSError) {
    isServer = false
    handle = try Self.make(TLS_client_method())
    let trusted =
      trustedCertificateFile.map { SSL_CTX_load_verify_file(handle, $0) }
      ?? SSL_CTX_set_default_verify_paths(handle)
    guard trusted == 1 else {
      throw TLSError.last(
        .configuration, "cannot use the trusted certificates \(trustedCertificateFile ?? "")")
    }
    if let certificate {
      try Self.present(handle, certificateFile: certificate.file, keyFile: certificate.keyFile)
    }
    SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
    _ = alpnH2.withUnsafeBufferPointer {
      SSL_CTX_set_alpn_protos(handle, $0.baseAddress, UInt32($0.count))
    }
  }

  deinit { SSL_CTX_free(handle) }

  private static func present(
    _ handle: OpaquePointer, certificateFile: String, keyFile: String
  ) throws(TLSError) {
    guard SSL_CTX_use_certificate_chain_file(handle, certificateFile) == 1 else {
      throw TLSError.last(.configuration, "cannot use the certificate file \(certificateFile)")
    }
    guard SSL_CTX_use_PrivateKey_file(handle, keyFile, SSL_FILETYPE_PEM) == 1 else {
      throw TLSError.last(.configuration, "cannot use the private key file \(keyFile)")
    }
    guard SSL_CTX_check_private_key(handle) == 1 else {
      throw TLSError.last(.configuration, "the key \(keyFile) does not fit the certificate")
    }
  }

  /// Makes a server ask for certificates.
  private static func demand(
    _ handle: OpaquePointer, _ clients: ClientTrust
  ) throws(TLSError) {
    let file = clients.authorityFile
    guard SSL_CTX_load_verify_file(handle, file) == 1, let names = SSL_load_client_CA_file(file)
    else { throw .last(.configuration, "cannot use the client authorities \(file)") }
    SSL_CTX_set_client_CA_list(handle, names)
    if let list = clients.revocationFile { try revoke(handle, list) }
    let isDemanded = clients.demand == .require
    SSL_CTX_set_verify(
      handle, SSL_VERIFY_PEER | (isDemanded ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nil)
  }

  private static func revoke(_ handle: OpaquePointer, _ file: String) throws(TLSError) {
    let store = SSL_CTX_get_cert_store(handle)
    guard let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()),
      X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) > 0
    else { throw .last(.configuration, "cannot use the revocation list \(file)") }
    X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
  }

  private static func make(_ method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
    let isPrepared = Library.isPrepared
    ERR_clear_error()
    guard isPrepared, let handle = SSL_CTX_new(method) else {
      throw .last(.library, "no TLS context")
    }
    _ = usher_SSL_CTX_set_min_tls12(handle)
    _ = usher_SSL_CTX_set_modes(handle)
    _ = usher_SSL_CTX_set_safe_options(handle)
    // TLS 1.2 with forward secrecy and AEAD only, as HTTP/2 demands (RFC 9113, 9.2.2).
    guard SSL_CTX_set_cipher_list(handle, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 else {
      SSL_CTX_free(handle)
      throw .last(.library, "no usable TLS 1.2 cipher")
    }
    return handle
  }
}

private let alpnH2: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]

/// Chooses `h2`, or ends the handshake with an alert when the client does not offer it.
private func selectALPN(
  _ session: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ chosenLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
  _ offeredLength: UInt32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  var index = 0
  while let offered, index < Int(offeredLength) {
    let length = Int(offered[index])
    if length == 2, index + 2 < Int(offeredLength), offered[index + 1] == alpnH2[1],
      offered[index + 2] == alpnH2[2]
    {
      chosen?.pointee = offered + index + 1
      chosenLength?.pointee = 2
      return SSL_TLSEXT_ERR_OK
    }
    index += 1 + length
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}
