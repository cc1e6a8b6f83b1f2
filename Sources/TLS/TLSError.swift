// The one error type of the TLS floor.

import COpenSSL

/// A failure of OpenSSL or of what it was given. Carries no key material and no peer data.
package struct TLSError: Error, Equatable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// A file or a setting cannot be used.
    case configuration
    /// The peer broke the protocol, is not trusted, or speaks no TLS.
    case peer
    /// OpenSSL failed for a reason of its own.
    case library
  }

  package let kind: Kind
  package let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// Takes the calling thread's oldest OpenSSL error. The C function is `ERR_get_error`.
  static func last(_ kind: Kind, _ doing: String) -> TLSError {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let text = ERR_reason_error_string(code) else { return TLSError(kind, doing) }
    return TLSError(kind, "\(doing): \(String(cString: text))")
  }

  package var description: String { reason }
}
