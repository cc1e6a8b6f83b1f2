// `usherd create-key`: a key made on the host, for the operator who has none yet to ask with. Whoever
// can reach the database may do anything anyway.

import ArgumentParser
import BookingStore
import Foundation
import Postgres
import Reactor
import UsherServices

struct CreateKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an API key on the host, the first operator's for example.",
    discussion: """
      Prints the secret and nothing else; it is never shown again. The partner is made if there is \
      none of the name. What is done is noted in the audit log.
      """)

  @Argument(help: "Name of the partner or operator.") var name: String
  @Option(
    help: ArgumentHelp(
      "What the key may be used for: read, sell, manage, report, admin; repeatable.",
      valueName: "scope"))
  var scope = [Scope.admin.rawValue]
  @OptionGroup var flags: SettingFlags

  func validate() throws {
    for name in scope where Scope(rawValue: name) == nil {
      throw ValidationError("--scope takes read, sell, manage, report and admin, not '\(name)'.")
    }
  }

  func run() async throws {
    let settings = try Failure.asConfiguration { try Settings(flags: flags) }
    guard !settings.database.isEmpty else { throw Failure.configuration("no database") }
    let loop = try EventLoop(name: "create-key")
    do {
      let connection = try await DatabaseCheck.connect(
        PostgresConfiguration(settings.database), on: loop)
      Runner.announce(try await Self.create(name, Set(scope).sorted(), on: connection))
      await connection.close()
    } catch {
      throw Failure.start("\(error)")
    }
  }

  private static func create(
    _ name: String, _ scopes: [String], on connection: PostgresConnection
  ) async throws -> String {
    let actor = AuditActor(keyID: nil, name: "the host, as \(NSUserName())")
    let operators = OperatorStore(connection)
    let made = try await operators.createPartner(named: name, by: actor)
    let partnerID =
      if let made { made.id } else {
        try await CredentialStore(connection).addPartner(named: name)
      }
    let secret = APIKeySecret.make(forOperator: scopes.contains(Scope.admin.rawValue))
    let wish = APIKeyWish(partnerID: partnerID, label: "made on the host", scopes: scopes)
    guard case .done = try await operators.createKey(wish, secret: secret, by: actor) else {
      throw StartError(description: "the partner went away")
    }
    return secret
  }
}
