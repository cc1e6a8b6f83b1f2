// A failed system call as a value. Knows no policy: callers decide what a failure means.

import Glibc

/// The error of a failed system call.
///
/// The corresponding C facility is `errno`.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  /// Name of the call that failed, for example `epoll_ctl`.
  package let call: String
  /// The value of `errno` after the call.
  package let code: Int32

  package init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// Captures the calling thread's `errno`.
  package static func last(_ call: String) -> SystemError {
    SystemError(call: call, code: errno)
  }

  /// Call name and the C library's text for the code, for example `bind: Address already in use`.
  package var description: String { "\(call): \(String(cString: strerror(code)))" }
}
