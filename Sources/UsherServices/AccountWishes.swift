// What customers wish of their accounts, checked field by field; and what accounts are, as messages.

import Booking
import BookingStore
import RPC
import Secrets
import UsherProtos

/// The checks.
enum AccountWishes {
  static func check(_ request: Usher.V1.SignUpRequest) throws(RPCError) {
    var violations = FieldViolations()
    violations.require(isEmail(request.email), "email", emailRule)
    check(password: request.password, "password", &violations)
    violations.require(isPhone(request.phone), "phone", phoneRule)
    violations.require(isName(request.name), "name", nameRule)
    try violations.check()
  }

  /// Bounds only: what else is wrong with them is not told to whoever guesses.
  static func check(_ request: Usher.V1.LogInRequest) throws(RPCError) {
    var violations = FieldViolations()
    violations.require(
      (1...Limits.emailBytes).contains(request.email.utf8.count)
        && !request.email.utf8.contains(0), "email", emailRule)
    violations.require(
      (1...Secrets.Limits.passwordBytes).contains(request.password.utf8.count), "password",
      "must have 1 to \(Secrets.Limits.passwordBytes) bytes")
    try violations.check()
  }

  /// Adds a violation unless a password may be chosen.
  static func check(
    password: String, _ field: String, _ violations: inout FieldViolations
  ) {
    violations.require(
      (Limits.leastPasswordBytes...Secrets.Limits.passwordBytes).contains(password.utf8.count),
      field,
      "must have \(Limits.leastPasswordBytes) to \(Secrets.Limits.passwordBytes) bytes")
  }

  static func change(
    _ request: Usher.V1.UpdateProfileRequest
  ) throws(RPCError) -> AccountChange {
    let account = request.account ?? .init()
    let paths = request.updateMask?.paths ?? []
    var violations = FieldViolations()
    violations.require(!paths.isEmpty, "update_mask", "must name email, phone or name")
    var change = AccountChange()
    violations.require(
      paths.allSatisfy { ["email", "phone", "name"].contains($0) }, "update_mask",
      "can name only email, phone and name")
    for path in Set(paths).sorted() {
      switch path {
      case "email":
        violations.require(isEmail(account.email), "account.email", emailRule)
        change.email = account.email
      case "phone":
        violations.require(isPhone(account.phone), "account.phone", phoneRule)
        change.phone = account.phone
      case "name":
        violations.require(isName(account.name), "account.name", nameRule)
        change.name = account.name
      default: break
      }
    }
    try violations.check()
    return change
  }

  private static let emailRule = "must be an e-mail address of at most \(Limits.emailBytes) bytes"
  private static let phoneRule = "must be empty or as E.164 has it, for example +32471234567"
  private static let nameRule =
    "must have at most \(Limits.partnerNameCharacters) characters, none for control"

  /// Something, an at sign, and a domain; whether anybody reads there only a message can tell.
  private static func isEmail(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return text.utf8.count <= Limits.emailBytes && parts.count == 2
      && (1...64).contains(parts[0].utf8.count)
      && parts[1].split(separator: ".", omittingEmptySubsequences: false).count >= 2
      && parts[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
      && text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.isPrintable
      }
  }

  private static func isPhone(_ text: String) -> Bool {
    let digits = text.utf8.dropFirst()
    return text.isEmpty
      || text.utf8.first == UInt8(ascii: "+") && (7...15).contains(digits.count)
        && digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func isName(_ text: String) -> Bool {
    text.unicodeScalars.count <= Limits.partnerNameCharacters && text.isPrintable
  }
}

extension Usher.V1.Account {
  init(_ record: AccountRecord) {
    self.init(
      accountId: record.id.description, email: record.email, phone: record.phone,
      name: record.name, state: .init(rawValue: Int32(record.state.rawValue)),
      createdAt: .init(unixMicroseconds: record.createdAt))
  }
}
