// Accounts as people read them.

import ProtoWire
import UsherProtos

enum AccountText {
  static func lines(_ account: Usher.V1.Account?) -> [String] {
    guard let account else { return [] }
    let state = (account.state.protoValueName ?? "")
      .replacing("ACCOUNT_STATE_", with: "").lowercased()
    return [
      "Account \(account.accountId), \(state)", "e-mail  \(account.email)",
      "phone   \(account.phone)", "name    \(account.name)",
    ]
  }
}
