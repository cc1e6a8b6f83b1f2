// Calls that come and go: answered, refused, given up, out of time, unknown, and connections that
// break off in the middle of a word.

import Foundation
import RPC
import RPCTransport
import Reactor
import UsherProtos

/// Workers that make single calls.
struct SoakCalls: Sendable {
  let plan: SoakPlan
  let loop: EventLoop
  let showID: Int64

  /// Makes this many calls and says what came of them.
  func run(count: Int, round: Int) async throws -> Tally {
    let trust = try plan.trust()
    let channels = (0..<plan.callConnections).map { _ in
      Channel(loop: loop, target: plan.target, tls: trust)
    }
    let share = count / plan.callers
    let tally = await withTaskGroup(of: Tally.self) { group in
      for worker in 0..<plan.callers {
        let own = share + (worker < count % plan.callers ? 1 : 0)
        group.addTask {
          await work(
            own, channels[worker % channels.count], Dice(seed: plan.seed, round << 20 | worker))
        }
      }
      group.addTask { breakOff(max(1, count / 5_000)) }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
    for channel in channels { await channel.close() }
    return tally
  }

  private func work(_ count: Int, _ channel: Channel, _ dice: Dice) async -> Tally {
    var (tally, dice) = (Tally(), dice)
    for _ in 0..<count {
      switch Int.random(in: 0..<100, using: &dice) {
      case 0..<2: await giveUp(channel, &tally, &dice)
      case 2..<3: await runOutOfTime(channel, &tally, &dice)
      case 3..<5: await readMap(channel, &tally)
      case 5..<8: await askForNothing(channel, &tally)
      case 8..<10: await callUnknown(channel, &tally)
      default: await check(channel, &tally, compressed: Int.random(in: 0..<10, using: &dice) == 0)
      }
    }
    return tally
  }

  private func check(_ channel: Channel, _ tally: inout Tally, compressed: Bool) async {
    var options = plan.options()
    options.compressesRequests = compressed
    do throws(RPCError) {
      let health = Grpc.Health.V1.HealthClient(channel)
      let answer = try await health.check(.init(), options: options)
      if answer.status == .serving { tally.note("OK") } else { tally.fault("not serving") }
    } catch {
      tally.fault("health: \(error)")
    }
  }

  private func readMap(_ channel: Channel, _ tally: inout Tally) async {
    do throws(RPCError) {
      let seats = Usher.V1.SeatMapServiceClient(channel)
      let map = try await seats.getSeatMap(.init(showId: showID), options: plan.options())
      if map.seats.isEmpty { tally.fault("an empty map") } else { tally.note("OK") }
    } catch {
      tally.fault("map: \(error)")
    }
  }

  private func askForNothing(_ channel: Channel, _ tally: inout Tally) async {
    do throws(RPCError) {
      let bookings = Usher.V1.BookingServiceClient(channel)
      _ = try await bookings.getBooking(.init(bookingId: "nothing"), options: plan.options())
      tally.fault("a booking out of nothing")
    } catch {
      expect([.notFound, .invalidArgument], error, &tally)
    }
  }

  private func callUnknown(_ channel: Channel, _ tally: inout Tally) async {
    let method = MethodDescriptor(
      service: "usher.v1.Nobody", method: "Nothing", kind: .unary, sideEffects: false)
    do throws(RPCError) {
      let _: Google.Protobuf.Empty = try await channel.unary(
        method, Google.Protobuf.Empty(), plan.options())
      tally.fault("an answer of nobody")
    } catch {
      expect([.unimplemented], error, &tally)
    }
  }

  /// The server may not have heard of the call, be at it, or have answered.
  private func giveUp(_ channel: Channel, _ tally: inout Tally, _ dice: inout Dice) async {
    let steps = Int.random(in: 0..<6, using: &dice)
    let task = Task { () async -> RPCError? in
      do throws(RPCError) {
        let seats = Usher.V1.SeatMapServiceClient(channel)
        _ = try await seats.getSeatMap(.init(showId: showID), options: plan.options())
        return nil
      } catch {
        return error
      }
    }
    for _ in 0..<steps { await Task.yield() }
    task.cancel()
    guard let error = await task.value else { return tally.note("OK") }
    expect([.cancelled], error, &tally)
  }

  private func runOutOfTime(
    _ channel: Channel, _ tally: inout Tally, _ dice: inout Dice
  ) async {
    let timeout = Duration.microseconds(Int.random(in: 1...2_000, using: &dice))
    do throws(RPCError) {
      let seats = Usher.V1.SeatMapServiceClient(channel)
      _ = try await seats.getSeatMap(
        .init(showId: showID), options: plan.options(timeout: timeout))
      tally.note("OK")
    } catch {
      expect([.deadlineExceeded], error, &tally)
    }
  }

  private func expect(_ codes: [StatusCode], _ error: RPCError, _ tally: inout Tally) {
    if codes.contains(error.code) {
      tally.note(error.code.name)
    } else {
      tally.fault("\(codes.map(\.name)) expected: \(error)")
    }
  }

  /// Connections that send some of a handshake and are reset.
  private func breakOff(_ count: Int) -> Tally {
    var tally = Tally()
    for index in 0..<count {
      let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = plan.target.port.bigEndian
      address.sin_addr.s_addr = inet_addr(plan.target.host)
      let code = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      let hello: [UInt8] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]
      if code == 0 { _ = send(fd, hello, index % hello.count, Int32(MSG_NOSIGNAL)) }
      var reset = linger(l_onoff: 1, l_linger: 0)
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
      close(fd)
      tally.note("broken off")
    }
    return tally
  }
}
