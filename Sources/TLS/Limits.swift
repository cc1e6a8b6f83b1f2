// Bounds of the TLS floor, each with its reason.

enum Limits {
  /// Bytes of a subject that are kept: a distinguished name that people write fits many times.
  static let subjectBytes = 1_024
  /// Alternative names that are read: OpenSSL takes chains of 100 KiB, nobody needs so many names.
  static let alternativeNames: Int32 = 64
}
