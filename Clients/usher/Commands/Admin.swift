// `usher admin`: what operators see of a node and do with partners and keys. Needs a key with the scope
// `admin`. Here are the looks into a node.

import ArgumentParser
import UsherProtos

struct Admin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the house, and looks into a running node.",
    discussion: """
      Needs a key with the scope 'admin'; 'usherd create-key' on the host makes the first. node, \
      connections and methods show the node that answers and no other.
      """,
    subcommands: [Node.self, Connections.self, Methods.self],
    groupedSubcommands: [
      CommandGroup(
        name: "The house",
        subcommands: [
          Partners.self, ShowPartner.self, CreatePartner.self, UpdatePartner.self, Keys.self,
          CreateKey.self, RotateKey.self, RevokeKey.self, ShowAccount.self, BlockAccount.self,
          ReadmitAccount.self,
          CreateMovie.self, UpdateMovie.self, Reports.self, Moderate.self, Audit.self,
          Statistics.self, Suspicious.self,
        ])
    ], defaultSubcommand: Node.self)

  struct Node: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows what is open, what runs and what waits.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform { (session) throws(Failure) in
        let node = try await session.read(.init(), session.admin.getNode)
        try session.output.print(
          node, lines: AdminTables.node(node, session.output.style, width: Console.width))
      }
    }
  }

  struct Connections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the open connections, oldest first.")
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        try await list.print(
          "connections", AdminTables.connections, session, Usher.Admin.V1.ListConnectionsRequest(),
          session.admin.listConnections)
      }
    }
  }

  struct Methods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Counts calls by method since the node started.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try await global.perform(hasList: true) { (session) throws(Failure) in
        let answer = try await session.read(.init(), session.admin.listMethods)
        try session.output.print(answer, items: answer.methods, AdminTables.methods)
      }
    }
  }
}
