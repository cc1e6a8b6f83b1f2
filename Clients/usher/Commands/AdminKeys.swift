// `usher admin keys`, `create-key`, `rotate-key`, `revoke-key`: the keys of partners and operators.

import ArgumentParser
import UsherProtos

struct Keys: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists API keys without their secrets, oldest first.")

  @Option(help: ArgumentHelp("Only of this partner.", valueName: "number"))
  var partner: Int64 = 0
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "keys", OperatorTables.keys, session, Usher.Admin.V1.ListApiKeysRequest(partnerId: partner),
        session.operators.listApiKeys)
    }
  }
}

struct CreateKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gives a partner a key and prints its secret, this once.",
    discussion: """
      Standard output has the secret and nothing else, fit for a --token-file; nothing at all with \
      --certificate, which stands for a key without a secret.
      """)

  @Argument(help: "The partner's number.") var partner: Int64
  @Option(
    help: ArgumentHelp(
      "What it may be used for: read, sell, manage, report, admin; repeatable.", valueName: "scope"),
    completion: .list(["read", "sell", "manage", "report", "admin"]))
  var scope: [String]
  @Option(
    help: ArgumentHelp("A theatre it is good for; repeatable; all without.", valueName: "id"))
  var theatre: [Int64] = []
  @Option(help: "What to call it.") var label = ""
  @Option(
    help: ArgumentHelp(
      "A client certificate for a secret: sha256:DIGITS, uri:NAME or dns:NAME.", valueName: "name"))
  var certificate = ""
  @Option(
    help: ArgumentHelp("Most calls per second and node that sell.", valueName: "count"))
  var sellingPerSecond: Int32 = 0
  @Option(
    help: ArgumentHelp("Most calls per second and node that report.", valueName: "count"))
  var reportingPerSecond: Int32 = 0
  @Option(help: ArgumentHelp("Days until it ends; never without.", valueName: "count"))
  var days: Int64?
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (1...3_660).contains(days ?? 1) else {
      throw ValidationError("--days takes 1 to 3660.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let request = Usher.Admin.V1.CreateApiKeyRequest(
        partnerId: partner, label: label, scopes: scope, theatreIds: theatre,
        lifetime: days.map { .init(seconds: $0 * 86_400) }, certificate: certificate,
        sellingPerSecond: sellingPerSecond, reportingPerSecond: reportingPerSecond)
      let answer = try await session.act(request, session.operators.createApiKey)
      try session.output.print(
        answer, lines: answer.secret.isEmpty ? [] : [session.output.style.clean(answer.secret)])
      session.output.notice(OperatorTables.remark(answer.apiKey ?? .init()))
    }
  }
}

struct RotateKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Gives a key a successor and prints its secret, this once.",
    discussion: """
      The old key ends at once, or after --overlap-hours. Asks first when it runs in a terminal.
      """)

  @Argument(help: "The key's number.") var key: Int64
  @Option(help: ArgumentHelp("How long both are good.", valueName: "count"))
  var overlapHours: Int64 = 0
  @OptionGroup var danger: DangerOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard (0...720).contains(overlapHours) else {
      throw ValidationError("--overlap-hours takes 0 to 720.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let when = overlapHours == 0 ? "at once" : "in \(overlapHours) hours"
      let session = try danger.confirm("Key \(key) ends \(when). Go on?", session)
      let request = Usher.Admin.V1.RotateApiKeyRequest(
        keyId: key, overlap: .init(seconds: overlapHours * 3_600))
      let answer = try await session.act(request, session.operators.rotateApiKey)
      try session.output.print(answer, lines: [session.output.style.clean(answer.secret)])
      session.output.notice(OperatorTables.remark(answer.apiKey ?? .init()))
    }
  }
}

struct RevokeKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends a key at once and for good.",
    discussion: "Asks first when it runs in a terminal.")

  @Argument(help: "The key's number.") var key: Int64
  @OptionGroup var danger: DangerOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let session = try danger.confirm("Key \(key) ends for good. Go on?", session)
      let answer = try await session.act(.init(keyId: key), session.operators.revokeApiKey)
      let ended = answer.apiKey ?? .init()
      try session.output.print(
        answer,
        lines: [
          session.output.style.clean(
            "Key \(ended.keyId), \(OperatorTables.secret(ended))…, is revoked.")
        ])
    }
  }
}
