// OpenSSL's own life in this process.

import COpenSSL

/// What must be asked for before anything else of OpenSSL.
package enum Library {
  /// Keeps OpenSSL from taking itself down when the process exits: loops end sessions then, or still
  /// run them, and its cleanup would free what they use. To be asked for before anything else of
  /// OpenSSL, its error queue included. The corresponding C function is `OPENSSL_init_crypto`.
  package static let isPrepared = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}
