// The architecture as a table: which target stands on which floor and what it may import. The same
// table as Package.swift's, held here so that a change of either is a decision.

/// A target and the modules it may import besides Swift's own.
struct Floor: Sendable {
  let number: Int
  let target: String
  let imports: Set<String>
}

enum Floors {
  /// Modules that come with the toolchain and that any target may import.
  static let everywhere: Set = ["Glibc", "Synchronization"]
  /// Targets where memory and threads are handled by hand, each use with its reason.
  static let ground: Set = [
    "Bytes", "ProtoWire", "Reactor", "TLS", "Secrets", "HTTP2", "Postgres",
    "RPCTransport",
  ]
  /// Programs; and the build tool, which never serves.
  static let mayUseFoundation: Set = ["protogen", "ProtogenPlugin", "usherd", "usher"]

  /// From the ground up: a target imports only targets that stand before it.
  static let table: [Floor] = [
    Floor(number: 1, target: "Bytes", imports: []),
    Floor(number: 1, target: "ProtoWire", imports: ["Bytes"]),
    Floor(number: 1, target: "Reactor", imports: ["CLinux", "DequeModule"]),
    Floor(number: 2, target: "TLS", imports: ["COpenSSL", "Bytes"]),
    Floor(
      number: 2, target: "Secrets",
      imports: ["CArgon2", "COpenSSL", "TLS", "Bytes", "Reactor", "DequeModule"]),
    Floor(number: 2, target: "HTTP2", imports: ["CNghttp2", "Bytes", "DequeModule"]),
    Floor(
      number: 2, target: "Postgres",
      imports: ["CPostgres", "CLinux", "Reactor", "DequeModule"]),
    Floor(
      number: 3, target: "RPC",
      imports: ["CZlib", "Bytes", "ProtoWire", "Reactor", "DequeModule"]),
    Floor(
      number: 3, target: "RPCTransport",
      imports: [
        "RPC", "HTTP2", "TLS", "Reactor", "Bytes", "CLinux", "DequeModule", "Logging",
      ]),
    Floor(number: 4, target: "ProtoSchema", imports: []),
    Floor(number: 4, target: "SwiftEmitter", imports: ["ProtoSchema", "Bytes"]),
    Floor(
      number: 4, target: "protogen", imports: ["ProtoSchema", "SwiftEmitter", "ArgumentParser"]),
    Floor(number: 4, target: "ProtogenPlugin", imports: ["protogen"]),
    Floor(number: 5, target: "UsherProtos", imports: ["RPC", "ProtoWire"]),
    Floor(number: 5, target: "Booking", imports: []),
    Floor(
      number: 5, target: "BookingStore",
      imports: ["Booking", "Postgres", "Reactor", "Bytes", "DequeModule", "Logging"]),
    Floor(number: 5, target: "SeatFeed", imports: ["Booking", "RPC", "Reactor", "DequeModule"]),
    Floor(
      number: 6, target: "UsherServices",
      imports: [
        "UsherProtos", "ProtoWire", "RPC", "RPCTransport", "Reactor", "Booking", "BookingStore",
        "SeatFeed", "Postgres", "Secrets", "DequeModule", "Logging",
      ]),
    Floor(
      number: 6, target: "usherd",
      imports: [
        "UsherServices", "UsherProtos", "RPCTransport", "RPC", "TLS", "Reactor", "Postgres",
        "BookingStore", "Booking", "SeatFeed", "Secrets", "CLinux", "ArgumentParser", "Logging",
      ]),
    Floor(
      number: 6, target: "usher",
      imports: [
        "UsherProtos", "ProtoWire", "RPCTransport", "RPC", "TLS", "Reactor", "Booking",
        "ArgumentParser",
      ]),
  ]

  /// Imports that the table does not allow.
  static func imports(_ file: SourceFile, table: [Floor] = table) -> [Violation] {
    guard let target = file.target else { return [] }
    guard let floor = table.first(where: { $0.target == target }) else {
      return [Violation(path: file.path, line: 0, rule: "target \(target) is on no floor")]
    }
    var allowed = floor.imports.union(everywhere)
    if mayUseFoundation.contains(target) { allowed.insert("Foundation") }
    if target == "ProtogenPlugin" { allowed.insert("PackagePlugin") }
    let code = file.swift?.code ?? []
    return code.indices.compactMap { index in
      let pattern = /\bimport +(?:(?:struct|class|enum|func|protocol|var|typealias) +)?(\w+)/
      guard let match = code[index].firstMatch(of: pattern), !allowed.contains(String(match.1))
      else { return nil }
      return Violation(
        path: file.path, line: index + 1, rule: "\(target) may not import \(match.1)")
    }
  }

  /// Targets that name one that does not stand before them.
  static func order(_ table: [Floor] = table) -> [Violation] {
    let position = Dictionary(
      uniqueKeysWithValues: table.enumerated().map { ($0.element.target, $0.offset) })
    var violations: [Violation] = []
    for (index, floor) in table.enumerated() {
      for name in floor.imports.sorted() where (position[name] ?? -1) >= index {
        violations.append(
          Violation(path: "Package.swift", line: 0, rule: "\(floor.target) stands below \(name)"))
      }
      if index > 0, table[index - 1].number > floor.number {
        violations.append(
          Violation(path: "Package.swift", line: 0, rule: "\(floor.target) is out of order"))
      }
    }
    return violations
  }
}
