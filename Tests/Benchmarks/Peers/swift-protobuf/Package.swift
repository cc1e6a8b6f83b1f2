// swift-tools-version: 6.1
// swift-protobuf as a peer of the codec, in a package of its own: nothing of it comes near the product.
// Tests/Benchmarks/run builds a copy of it, beside which swift-protobuf's plugin writes the messages.
import PackageDescription

let package = Package(
  name: "codec-peer",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-protobuf.git", exact: "1.39.0")
  ],
  targets: [
    .executableTarget(
      name: "CodecPeer",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")])
  ]
)
