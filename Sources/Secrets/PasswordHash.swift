// Passwords as argon2id hashes (RFC 9106), in the textual form that says how they were made, so that
// costs can rise and old hashes still be checked.

internal import CArgon2
internal import Glibc

/// Makes and checks hashes. Each takes tens of milliseconds and megabytes: never on a loop.
enum PasswordHash {
  /// `$argon2id$v=19$m=…,t=…,p=1$salt$hash` with a fresh salt.
  static func make(_ password: [UInt8]) throws(SecretsError) -> String {
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<Limits.saltByteCount).map { _ in
      UInt8.random(in: .min ... .max, using: &generator)
    }
    var text = [CChar](
      repeating: 0,
      count: argon2_encodedlen(
        Limits.passes, Limits.memoryKiB, 1, UInt32(salt.count), UInt32(Limits.hashByteCount),
        Argon2_id))
    let code = argon2id_hash_encoded(
      Limits.passes, Limits.memoryKiB, 1, password, password.count, salt, salt.count,
      Limits.hashByteCount, &text, text.count)
    guard code == ARGON2_OK.rawValue else { throw .system("argon2 failed with \(code)") }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether a password is the one of a hash. Compares in constant time.
  static func verify(_ password: [UInt8], _ hash: String) throws(SecretsError) -> Bool {
    let code = argon2id_verify(hash, password, password.count)
    switch code {
    case ARGON2_OK.rawValue: return true
    case ARGON2_VERIFY_MISMATCH.rawValue: return false
    default: throw .system("argon2 failed with \(code)")
    }
  }
}
