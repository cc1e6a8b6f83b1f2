// swift-tools-version: 6.2
import PackageDescription

// The target list is the architecture: a target may import only what it names here, and names
// only targets from floors below it. `Tests/Tidy` holds the same table and compares.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// jemalloc in place of the C library's malloc, for the programs that serve: a booking makes hundreds of
/// small objects and ends with them, which costs glibc a fifth of the server's CPU more.
let allocator: [LinkerSetting] = [.linkedLibrary("jemalloc")]

func floor(_ name: String, _ dependencies: [Target.Dependency] = [], sql: Bool = false) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(name)",
    resources: sql ? [.embedInCode("SQL")] : [], swiftSettings: settings)
}

/// What Tests/Fuzz/run builds; nobody else can link it.
let fuzzers: [Target] =
  Context.environment["USHER_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver",
      swiftSettings: settings, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
  ]

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  plugins: [Target.PluginUsage] = [], optimized: Bool = false
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: settings + (optimized ? [.unsafeFlags(["-O"])] : []), plugins: plugins)
}

/// The test targets that a build is for (`Scripts/test --sanitize`), and no others: building them all
/// with a sanitizer takes minutes. Nil is all.
let chosenTests = Context.environment["USHER_TESTS"]?.split(separator: " ")

let package = Package(
  name: "usher",
  products: [
    .executable(name: "usherd", targets: ["usherd"]),
    .executable(name: "usher", targets: ["usher"]),
  ],
  dependencies: [
    // Command lines of usherd and usher: subcommands, help, completion scripts.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // The logging facade that operators of Swift servers expect.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Deque for every bounded queue.
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: ([
    // Floor 0: module maps and inline shims for C macros, nothing else.
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),
    .systemLibrary(
      name: "CArgon2", path: "Sources/CArgon2", pkgConfig: "libargon2",
      providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(
      name: "CNghttp2", path: "Sources/CNghttp2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "openssl",
      providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CPostgres", path: "Sources/CPostgres", pkgConfig: "libpq",
      providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Floor 1
    floor("Bytes"),
    floor("ProtoWire", ["Bytes"]),
    floor("Reactor", ["CLinux", .product(name: "DequeModule", package: "swift-collections")]),
    // Floor 2
    floor("TLS", ["COpenSSL", "Bytes"]),
    // Tokens are signed by OpenSSL, which is here anyway. jwt-kit brings Foundation, BoringSSL and
    // swift-certificates, minutes of each build, for one algorithm and tokens that only we read.
    floor(
      "Secrets",
      [
        "CArgon2", "COpenSSL", "TLS", "Bytes", "Reactor",
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    floor(
      "HTTP2", ["CNghttp2", "Bytes", .product(name: "DequeModule", package: "swift-collections")]),
    floor(
      "Postgres",
      [
        "CPostgres", "CLinux", "Reactor",
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    // Floor 3
    floor(
      "RPC",
      [
        "CZlib", "Bytes", "ProtoWire", "Reactor",
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    floor(
      "RPCTransport",
      [
        "RPC", "HTTP2", "TLS", "Reactor", "Bytes", "CLinux",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    // Floor 4: build time only.
    floor("ProtoSchema"),
    floor("SwiftEmitter", ["ProtoSchema", "Bytes"]),
    .executableTarget(
      name: "protogen",
      dependencies: [
        "ProtoSchema", "SwiftEmitter",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/protogen", swiftSettings: settings),
    .plugin(
      name: "ProtogenPlugin", capability: .buildTool(), dependencies: ["protogen"],
      path: "Sources/ProtogenPlugin"),
    // Floor 5. Sources/UsherProtos/Protos is a link to Protos: SwiftPM asks the plugin again when a
    // file comes or goes below a target's folder, and nowhere else.
    .target(
      name: "UsherProtos", dependencies: ["RPC", "ProtoWire"], path: "Sources/UsherProtos",
      exclude: ["Protos"], swiftSettings: settings, plugins: ["ProtogenPlugin"]),
    floor("Booking"),
    floor(
      "BookingStore",
      [
        "Booking", "Postgres", "Reactor", "Bytes",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ], sql: true),
    // RPC for Broadcast alone: a watcher is a call that follows its show's topic.
    floor(
      "SeatFeed",
      ["Booking", "RPC", "Reactor", .product(name: "DequeModule", package: "swift-collections")]),
    // Floor 6
    floor(
      "UsherServices",
      [
        "UsherProtos", "ProtoWire", "RPC", "RPCTransport", "Reactor", "Booking", "BookingStore",
        "SeatFeed", "Postgres", "Secrets", .product(name: "Logging", package: "swift-log"),
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    .executableTarget(
      name: "usherd",
      dependencies: [
        "UsherServices", "UsherProtos", "RPCTransport", "RPC", "TLS", "Reactor", "Postgres",
        "BookingStore", "Booking", "SeatFeed", "Secrets", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources/usherd", resources: [.embedInCode("Town")], swiftSettings: settings,
      linkerSettings: allocator),
    .executableTarget(
      name: "usher",
      dependencies: [
        "UsherProtos", "ProtoWire", "RPCTransport", "RPC", "TLS", "Reactor", "Booking",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Clients/usher", exclude: ["FILES.md"], swiftSettings: settings),
    // Tests mirror Sources.
    .target(
      name: "Support", dependencies: ["Postgres", "Reactor"], path: "Tests/Support",
      swiftSettings: settings),
    .target(
      name: "ProtoSupport", dependencies: ["ProtoSchema", "ProtoWire"], path: "Tests/ProtoSupport",
      exclude: ["Python"], swiftSettings: settings),
    .target(
      name: "FeedSupport", dependencies: ["RPC", "Reactor"], path: "Tests/FeedSupport",
      swiftSettings: settings),
    .executableTarget(
      name: "EchoServer",
      dependencies: [
        "UsherProtos", "RPCTransport", "RPC", "TLS", "Reactor",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Benchmarks/EchoServer", swiftSettings: settings, linkerSettings: allocator),
    .executableTarget(
      name: "Soak",
      dependencies: ["UsherProtos", "RPCTransport", "RPC", "TLS", "Reactor"],
      path: "Tests/Benchmarks/Soak", swiftSettings: settings),
    .executableTarget(
      name: "CodecBench", dependencies: ["UsherProtos", "ProtoWire"],
      path: "Tests/Benchmarks/Codec", exclude: ["Protos"], swiftSettings: settings,
      plugins: ["ProtogenPlugin"]),
    .executableTarget(
      name: "BenchCluster", dependencies: ["Postgres", "Reactor"],
      path: "Tests/Benchmarks/Cluster", swiftSettings: settings),
    tests("ProtoWireTests", ["ProtoWire"]),
    tests("ReactorTests", ["Reactor", "CLinux"]),
    tests("TLSTests", ["TLS", "COpenSSL"]),
    tests("SecretsTests", ["Secrets", "Bytes"]),
    tests("HTTP2Tests", ["HTTP2", "Bytes"]),
    tests("PostgresTests", ["Postgres", "Reactor", "Support"]),
    tests("RPCTests", ["RPC", "Reactor", "ProtoWire", "Bytes"]),
    tests(
      "RPCTransportTests",
      [
        "RPCTransport", "RPC", "HTTP2", "TLS", "Reactor", "ProtoWire", "Bytes", "CLinux",
        .product(name: "Logging", package: "swift-log"),
      ]),
    tests("ProtoSchemaTests", ["ProtoSchema"], exclude: ["Corpus"]),
    tests(
      "SwiftEmitterTests",
      ["SwiftEmitter", "ProtoSchema", "ProtoWire", "RPC", "Reactor", "ProtoSupport"],
      exclude: ["Protos"], plugins: ["ProtogenPlugin"]),
    tests("UsherProtosTests", ["UsherProtos", "ProtoWire", "ProtoSchema", "ProtoSupport"]),
    tests("BookingTests", ["Booking"]),
    tests(
      "BookingStoreTests",
      [
        "BookingStore", "Booking", "Postgres", "Reactor", "Support",
        .product(name: "Logging", package: "swift-log"),
      ]),
    tests("SeatFeedTests", ["SeatFeed", "Booking", "RPC", "Reactor", "FeedSupport"]),
    tests(
      "UsherServicesTests",
      [
        "UsherServices", "UsherProtos", "ProtoWire", "RPC", "Reactor", "Booking", "BookingStore",
        "SeatFeed", "Postgres", .product(name: "Logging", package: "swift-log"),
      ]),
    tests("usherdTests", ["usherd", "Booking", "BookingStore", "Postgres", "Reactor", "Support"]),
    tests(
      "usherTests",
      [
        "usher", "UsherServices", "UsherProtos", "ProtoWire", "RPCTransport", "RPC", "Reactor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    // Many nodes, one database and everything that goes wrong, from a seed; Postgres for the type
    // of a database that a batch is given and never asks.
    tests(
      "Simulation",
      ["Booking", "BookingStore", "SeatFeed", "RPC", "Reactor", "Postgres", "FeedSupport"]),
    // Reads every line of the repository: 45 s without, 19 with, of the threads that other tests wait for.
    tests("Tidy", [], optimized: true),
    // What is fuzzed, and its inputs played again; the fuzzer itself is Tests/Fuzz/run's.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "UsherProtos", "RPCTransport", "RPC", "HTTP2", "TLS", "ProtoWire", "Bytes", "Reactor",
        "ProtoSchema", "Booking", "BookingStore", "Postgres",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Fuzz/Targets", swiftSettings: settings),
    .testTarget(
      name: "FuzzReplayTests", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Replay",
      swiftSettings: settings),
    // Doors for outside judges: programs on the real runtime that public suites can be pointed at.
    .target(
      name: "InteropProtos", dependencies: ["RPC", "ProtoWire"],
      path: "Tests/Conformance/InteropProtos", exclude: ["Protos"], swiftSettings: settings,
      plugins: ["ProtogenPlugin"]),
    .executableTarget(
      name: "interop-server",
      dependencies: [
        "InteropProtos", "RPCTransport", "RPC", "TLS", "Reactor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Conformance/InteropServer", swiftSettings: settings),
    .executableTarget(
      name: "interop-client",
      dependencies: [
        "InteropProtos", "RPCTransport", "RPC", "TLS", "Reactor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Conformance/InteropClient", swiftSettings: settings),
    .executableTarget(
      name: "channel-probe",
      dependencies: [
        "InteropProtos", "RPCTransport", "RPC", "Reactor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Conformance/ChannelProbe", swiftSettings: settings),
    .target(
      name: "ConnectProtos", dependencies: ["RPC", "ProtoWire"],
      path: "Tests/Conformance/ConnectProtos", exclude: ["Protos"], swiftSettings: settings,
      plugins: ["ProtogenPlugin"]),
    .executableTarget(
      name: "connect-server",
      dependencies: [
        "ConnectProtos", "ProtoWire", "RPCTransport", "RPC", "TLS", "Reactor",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Conformance/ConnectServer", swiftSettings: settings),
    .executableTarget(
      name: "protobuf-testee", dependencies: ["ProtoWire"],
      path: "Tests/Conformance/ProtobufTestee", exclude: ["Protos"], swiftSettings: settings,
      plugins: ["ProtogenPlugin"]),
  ] + fuzzers).filter {
    $0.type != .test || chosenTests?.contains(Substring($0.name)) ?? true
  }
)
