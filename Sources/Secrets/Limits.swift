// Bounds of this floor, each with its reason.

/// The bounds.
package enum Limits {
  /// What a password hash costs: 19 MiB and two passes, as OWASP has it; some 50 ms of a core.
  static let memoryKiB: UInt32 = 19 << 10
  static let passes: UInt32 = 2
  /// Bytes of salt and hash, as RFC 9106 recommends.
  static let saltByteCount = 16
  static let hashByteCount = 32
  /// Longest password hashed: longer ones would make the hash's input the cost.
  package static let passwordBytes = 256
  /// Passwords that wait for a thread: at 50 ms each some two seconds, more on a busy machine.
  static let waitingPasswords = 32
  /// How much a hashing thread yields to a loop, by the scale of nice(1): it gets a quarter of a core that
  /// both want.
  static let hashingNiceness: Int32 = 5
  /// Longest token looked at; ours have some 330 bytes.
  static let tokenBytes = 1_024
  /// Signing keys of one file: the present, the next and some that end.
  static let signingKeys = 8
  /// How far the clock of another node may be ahead when it makes a token.
  static let clockSkewSeconds: Int64 = 300
}
