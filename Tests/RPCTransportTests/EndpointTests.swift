// Where servers listen and clients connect: the text forms, Unix sockets, and what the system is
// told about a connection.

import CLinux
import Foundation
import RPC
import RPCTransport
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("127.0.0.1:7443", Endpoint.tcp(HostPort(host: "127.0.0.1", port: 7443))),
    ("[::1]:0", .tcp(HostPort(host: "::1", port: 0))),
    ("unix:/run/usherd.sock", .unix(path: "/run/usherd.sock")),
    ("unix:///run/usherd.sock", .unix(path: "/run/usherd.sock")),
    ("unix:usherd.sock", .unix(path: "usherd.sock")),
    ("unix:" + String(repeating: "x", count: 107), .unix(path: String(repeating: "x", count: 107))),
  ])
  func textsThatAreRead(text: String, endpoint: Endpoint) {
    #expect(Endpoint(text) == endpoint)
  }

  @Test(arguments: [
    "", "host", ":1", "host:65536", "unix:", "unix://", "unix://relative",
    "unix:" + String(repeating: "x", count: 108), "unix:/a\0b",
  ])
  func textsThatAreRefused(text: String) {
    #expect(Endpoint(text) == nil)
  }

  private static func freshPath() -> String {
    FileManager.default.temporaryDirectory.path + "/usher-\(UUID().uuidString.prefix(8)).sock"
  }

  @Test func callsTravelThroughAUnixSocketToEveryLoop() async throws {
    let path = Self.freshPath()
    var limits = ConnectionLimits()
    // Whoever comes by the socket is not one peer.
    limits.connectionsPerPeer = 1
    let fixture = try await Fixture(limits: limits, listen: [.unix(path: path)])
    #expect(fixture.server.endpoints == [.unix(path: path)])
    let channels = (0..<6).map { _ in
      Channel(loop: fixture.clientLoop, target: .unix(path: path), tls: nil)
    }
    for (index, channel) in channels.enumerated() {
      let reply: Blob = try await channel.unary(
        TestMethods.echo, Blob("\(index)"), CallOptions())
      #expect(reply.text == "\(index)")
    }
    #expect(fixture.server.connectionCount == 6)
    await fixture.stop()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aChannelSaysWhyThereIsNoSocket() async throws {
    let fixture = try await Fixture()
    let path = Self.freshPath()
    let channel = Channel(loop: fixture.clientLoop, target: .unix(path: path), tls: nil)
    let error = await #expect(throws: RPCError.self) {
      let _: Blob = try await channel.unary(TestMethods.echo, Blob(), CallOptions())
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains(path) == true)
    await fixture.stop()
  }

  /// One endpoint that cannot be had takes the others with it.
  @Test func allEndpointsOrNone() async throws {
    let path = Self.freshPath()
    let fixture = try await Fixture()
    let error = await #expect(throws: ServerError.self) {
      try await Fixture(listen: [.unix(path: path), .tcp(fixture.address)])
    }
    #expect(error?.description.contains("already in use") == true)
    #expect(!FileManager.default.fileExists(atPath: path))
    await fixture.stop()
  }

  /// The system gives a dead peer as long as keepalive does.
  @Test func theSystemKnowsTheKeepaliveTimeout() async throws {
    var limits = ConnectionLimits()
    limits.keepaliveTimeout = .milliseconds(12_345)
    let fixture = try await Fixture(limits: limits)
    let channel = fixture.channel()
    let _: Blob = try await channel.unary(TestMethods.echo, Blob(), CallOptions())
    #expect(Self.userTimeouts(localPort: fixture.address.port).contains(12_345))
    await channel.close()
    await fixture.stop()
  }

  /// TCP_USER_TIMEOUT of this process's sockets that are bound to a port.
  private static func userTimeouts(localPort: UInt16) -> Set<Int32> {
    var timeouts: Set<Int32> = []
    // Suites run side by side: there are more descriptors than one test needs.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for fd in open.compactMap(Int32.init) {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let code = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
      }
      guard code == 0, address.sin_family == AF_INET, address.sin_port == localPort.bigEndian
      else { continue }
      var value: Int32 = 0
      length = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(fd, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &value, &length)
      timeouts.insert(value)
    }
    return timeouts
  }
}
