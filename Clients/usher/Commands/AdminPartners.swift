// `usher admin partners`, `partner`, `create-partner`, `update-partner`, `audit`: who may sell, and who
// decided so.

import ArgumentParser
import UsherProtos

struct Partners: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lists partners by name.")
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "partners", OperatorTables.partners, session, Usher.Admin.V1.ListPartnersRequest(),
        session.operators.listPartners)
    }
  }
}

struct ShowPartner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partner", abstract: "Shows a partner.")
  @Argument(help: "The partner's number.") var partner: Int64
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let answer = try await session.read(
        .init(partnerId: partner), session.operators.getPartner)
      let found = answer.partner ?? .init()
      let flags = session.settings.repeatedFlags
      try session.output.print(
        answer,
        lines: [
          session.output.style.clean(
            "Partner \(found.partnerId), \(found.name): \(OperatorTables.name(found.state)), "
              + "since \(OperatorTables.time(found.createdAt))."),
          "  next: usher admin keys --partner \(found.partnerId)\(flags)",
        ])
    }
  }
}

struct CreatePartner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a partner; it needs a key to do anything.")

  @Argument(help: "Its name; no two partners have the same.") var name: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let answer = try await session.act(.init(name: name), session.operators.createPartner)
      let partner = answer.partner ?? .init()
      let flags = session.settings.repeatedFlags
      try session.output.print(
        answer,
        lines: [
          session.output.style.clean("Partner \(partner.partnerId), \(partner.name)."),
          "  next: usher admin create-key \(partner.partnerId) --scope sell\(flags)",
        ])
    }
  }
}

/// A partner's state, as the command line names it.
enum PartnerStateName: String, ExpressibleByArgument, CaseIterable {
  case active, closed, blocked

  var value: Usher.Admin.V1.PartnerState {
    switch self {
    case .active: .active
    case .closed: .closed
    case .blocked: .blocked
    }
  }
}

struct UpdatePartner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Renames, closes, blocks or readmits a partner.",
    discussion: """
      The keys of a partner that is closed or blocked are refused: asks first when it runs in a terminal.
      """)

  @Argument(help: "The partner's number.") var partner: Int64
  @Option(help: "Its new name.") var name: String?
  @Option(help: "Whether it may sell.") var state: PartnerStateName?
  @OptionGroup var danger: DangerOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard name != nil || state != nil else {
      throw ValidationError("--name or --state: one of them must be given.")
    }
  }

  func run() async throws {
    try await global.perform { (session) throws(Failure) in
      let session =
        [nil, .active].contains(state)
        ? session
        : try danger.confirm("All keys of partner \(partner) will be refused. Go on?", session)
      let paths = (name == nil ? [] : ["name"]) + (state == nil ? [] : ["state"])
      let request = Usher.Admin.V1.UpdatePartnerRequest(
        partner: .init(partnerId: partner, name: name ?? "", state: state?.value ?? .unspecified),
        updateMask: .init(paths: paths))
      let answer = try await session.act(request, session.operators.updatePartner)
      let changed = answer.partner ?? .init()
      try session.output.print(
        answer,
        lines: [
          session.output.style.clean(
            "Partner \(changed.partnerId), \(changed.name): \(OperatorTables.name(changed.state)).")
        ])
    }
  }
}

struct Audit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists administrative acts, newest first.")

  @Option(help: ArgumentHelp("Only those that concern this partner.", valueName: "number"))
  var partner: Int64 = 0
  @Option(help: ArgumentHelp("Only those that concern this account.", valueName: "uuid"))
  var account = ""
  @Option(help: ArgumentHelp("Only these, such as CREATE_PARTNER.", valueName: "act"))
  var action = ""
  @Option(help: ArgumentHelp("Only those done with this key.", valueName: "number"))
  var key: Int64 = 0
  @OptionGroup var list: ListOptions
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await global.perform(hasList: true) { (session) throws(Failure) in
      try await list.print(
        "acts", OperatorTables.audit, session,
        Usher.Admin.V1.ListAuditEntriesRequest(
          partnerId: partner, accountId: account, action: action, actorKeyId: key),
        session.operators.listAuditEntries)
    }
  }
}
