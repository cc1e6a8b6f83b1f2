// One TLS connection as a machine: ciphertext in, plaintext out, and the reverse. No sockets.

import COpenSSL

/// A TLS session over a BIO of our own: it reads from the buffer of the current `receive` call and
/// writes to `output`. Confined to its loop.
package final class TLSSession {
  private let handle: OpaquePointer
  private let context: TLSContext
  fileprivate var input = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Ciphertext to send; the owner takes it.
  package var output: [UInt8] = []
  /// Whether the handshake is complete and `h2` was agreed.
  package private(set) var isEstablished = false
  /// Whether the peer has said that it will send no more.
  package private(set) var isPeerClosed = false

  /// The certificate that the peer has shown and that was verified; nil when it showed none.
  package var peerCertificate: PeerCertificate? {
    guard isEstablished, SSL_get_verify_result(handle) == Int(X509_V_OK),
      let certificate = SSL_get0_peer_certificate(handle)
    else { return nil }
    return PeerCertificate(certificate)
  }

  /// Version and suite that were agreed on, for example `TLSv1.3 TLS_AES_256_GCM_SHA384`.
  package var agreement: String {
    let suite = SSL_CIPHER_get_name(SSL_get_current_cipher(handle)).map { String(cString: $0) }
    return "\(String(cString: SSL_get_version(handle))) \(suite ?? "")"
  }

  /// Starts a session. A client names the host it expects, for SNI and verification.
  package init(_ context: TLSContext, host: String? = nil) throws(TLSError) {
    self.context = context
    ERR_clear_error()
    guard let handle = SSL_new(context.handle), let bio = BIO_new(sessionBIO.method) else {
      throw .last(.library, "no TLS session")
    }
    self.handle = handle
    SSL_set_bio(handle, bio, bio)
    // SAFETY: the BIO is freed with the session in deinit, so the pointer never outlives self.
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    if context.isServer {
      SSL_set_accept_state(handle)
    } else {
      SSL_set_connect_state(handle)
      try expect(host)
    }
  }

  deinit { SSL_free(handle) }

  private func expect(_ host: String?) throws(TLSError) {
    guard let host else { return }
    let verification = SSL_get0_param(handle)
    if X509_VERIFY_PARAM_set1_ip_asc(verification, host) == 1 { return }
    ERR_clear_error()
    guard usher_SSL_set_server_name(handle, host) == 1, SSL_set1_host(handle, host) == 1 else {
      throw .last(.configuration, "cannot verify the host name \(host)")
    }
  }

  /// Begins the handshake: a client's first flight is in `output` afterwards; a server waits.
  package func start() throws(TLSError) {
    if !context.isServer { try advanceHandshake() }
  }

  /// Takes ciphertext and appends the plaintext it gives. Throws `.peer` when the session is over.
  package func receive(
    _ bytes: UnsafeRawBufferPointer, into plaintext: inout [UInt8]
  ) throws(TLSError) {
    input = bytes
    defer { input = UnsafeRawBufferPointer(start: nil, count: 0) }
    if !isEstablished { try advanceHandshake() }
    guard isEstablished else { return }
    try readAll(into: &plaintext)
  }

  private func advanceHandshake() throws(TLSError) {
    ERR_clear_error()
    let result = SSL_do_handshake(handle)
    guard result != 1 else {
      guard negotiatedH2 else { throw TLSError(.peer, "the peer did not agree on h2") }
      isEstablished = true
      return
    }
    let error = SSL_get_error(handle, result)
    guard error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE else {
      throw handshakeError()
    }
  }

  /// OpenSSL's reason, and what is wrong with the peer's certificate if that is it.
  private func handshakeError() -> TLSError {
    let error = TLSError.last(.peer, "TLS handshake failed")
    let verdict = SSL_get_verify_result(handle)
    guard verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict) else {
      return error
    }
    return TLSError(.peer, "\(error.reason) (\(String(cString: text)))")
  }

  private var negotiatedH2: Bool {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(handle, &name, &length)
    guard let name, length == 2 else { return false }
    return name[0] == alpnH[0] && name[1] == alpnH[1]
  }

  private func readAll(into plaintext: inout [UInt8]) throws(TLSError) {
    while true {
      let old = plaintext.count
      let room = 16 << 10
      plaintext.reserveCapacity(old + room)
      var result: Int32 = 0
      withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { chunk in
        ERR_clear_error()
        result = SSL_read(handle, chunk.baseAddress, Int32(room))
        if result > 0 { plaintext.append(contentsOf: chunk[..<Int(result)]) }
      }
      guard result <= 0 else { continue }
      switch SSL_get_error(handle, result) {
      case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
      case SSL_ERROR_ZERO_RETURN:
        isPeerClosed = true
        return
      default: throw .last(.peer, "TLS record refused")
      }
    }
  }

  /// Encrypts plaintext to `output`. The session must be established.
  package func send(_ plaintext: [UInt8]) throws(TLSError) {
    var offset = 0
    while offset < plaintext.count {
      ERR_clear_error()
      let written = plaintext.withUnsafeBytes {
        SSL_write(
          handle, $0.baseAddress.map { $0 + offset }, Int32(clamping: plaintext.count - offset))
      }
      guard written > 0 else { throw .last(.library, "TLS could not encrypt") }
      offset += Int(written)
    }
  }

  /// Queues the closing alert.
  package func close() {
    guard isEstablished else { return }
    ERR_clear_error()
    SSL_shutdown(handle)
  }

  fileprivate func takeInput(_ buffer: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    let taken = min(count, input.count)
    guard taken > 0, let base = input.baseAddress else { return 0 }
    UnsafeMutableRawPointer(buffer).copyMemory(from: base, byteCount: taken)
    input = UnsafeRawBufferPointer(rebasing: input[taken...])
    return taken
  }
}

private let alpnH: [UInt8] = [UInt8(ascii: "h"), UInt8(ascii: "2")]

private struct SessionBIO: @unchecked Sendable {
  // SAFETY: the method table is filled once, before any session exists, and only read afterwards.
  let method: OpaquePointer?
}

private let sessionBIO: SessionBIO = {
  let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "usher session")
  BIO_meth_set_read(method) { bio, buffer, count in
    guard let session = session(of: bio), let buffer else { return -1 }
    usher_BIO_clear_retry(bio)
    let taken = session.takeInput(buffer, Int(count))
    if taken == 0 { usher_BIO_set_retry_read(bio) }
    return taken == 0 ? -1 : Int32(taken)
  }
  BIO_meth_set_write(method) { bio, buffer, count in
    guard let session = session(of: bio), let buffer else { return -1 }
    usher_BIO_clear_retry(bio)
    session.output.append(contentsOf: UnsafeRawBufferPointer(start: buffer, count: Int(count)))
    return count
  }
  BIO_meth_set_ctrl(method) { _, command, _, _ in
    command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP ? 1 : 0
  }
  return SessionBIO(method: method)
}()

private func session(of bio: OpaquePointer?) -> TLSSession? {
  // SAFETY: `TLSSession.init` put itself there and frees the BIO in its deinit.
  BIO_get_data(bio).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
}
