// What a server asks of its process before it starts.

import Glibc

enum ProcessLimits {
  /// Raises the number of descriptors to the most allowed: the usual soft limit of 1,024 is a tenth
  /// of the connections that are planned for. And a reader of our output that goes away must not
  /// end the server: writing to it fails, no more.
  static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    // A refusal leaves the old limit; accepting then pauses earlier.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
