// Streams that stay: watchers of health, of seats and of nothing, some of whom never read, many of
// whom leave and come back, while seats are held and released before their eyes.

import Foundation
import RPC
import RPCTransport
import Reactor
import UsherProtos

/// Workers that each keep one stream open.
struct SoakStreams: Sendable {
  let plan: SoakPlan
  let loop: EventLoop
  let showID: Int64

  /// What a stream does.
  private enum Kind: Int, CaseIterable {
    case health, seats, slowSeats, reflection
  }

  private enum Reader {
    case health(ResponseReader<Grpc.Health.V1.HealthCheckResponse>)
    case seats(ResponseReader<Usher.V1.WatchSeatMapResponse>, reads: Bool)
    case reflection(
      ClientStream<
        Grpc.Reflection.V1.ServerReflectionRequest, Grpc.Reflection.V1.ServerReflectionResponse
      >)
  }

  /// Opens all streams, calls `whenOpen`, lets them come and go until `isOver`, and ends them.
  func run(
    round: Int, whenOpen: @Sendable @escaping () async -> Void,
    isOver: @Sendable @escaping () -> Bool
  ) async throws -> Tally {
    let trust = try plan.trust()
    let perConnection = SoakPlan.streamsPerConnection
    let channels = (0..<(plan.streams + perConnection - 1) / perConnection).map { _ in
      Channel(loop: loop, target: plan.target, tls: trust)
    }
    let (gate, release) = (Gate(plan.streams), Gate(1))
    let tally = await withTaskGroup(of: Tally.self) { group in
      for number in 0..<plan.streams {
        group.addTask {
          let dice = Dice(seed: plan.seed, round << 20 | 1 << 19 | number)
          return await keep(channels[number / perConnection], number, (gate, release), isOver, dice)
        }
      }
      group.addTask {
        await gate.wait()
        await whenOpen()
        await release.pass()
        return Tally()
      }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
    for channel in channels { await channel.close() }
    return tally
  }

  /// One stream after the other. The first stays until all the others are there and seen.
  private func keep(
    _ channel: Channel, _ number: Int, _ gates: (Gate, Gate), _ isOver: @Sendable () -> Bool,
    _ dice: Dice
  ) async -> Tally {
    var (tally, dice, isFirst) = (Tally(), dice, true)
    func meet() async {
      guard isFirst else { return }
      isFirst = false
      await gates.0.pass()
      await gates.1.wait()
    }
    repeat {
      do throws(RPCError) {
        let kind = Kind(rawValue: number % Kind.allCases.count) ?? .health
        let reader = try await open(kind, channel)
        tally.note("\(kind)")
        await meet()
        // In one piece: ten thousand who look at the clock would be the load.
        try? await Task.sleep(for: .milliseconds(Int.random(in: 500...8_000, using: &dice)))
        try await leave(reader, reads: Bool.random(using: &dice))
      } catch {
        await meet()
        tally.fault("stream \(number): \(error)")
      }
    } while !isOver()
    return tally
  }

  private func open(_ kind: Kind, _ channel: Channel) async throws(RPCError) -> Reader {
    let options = plan.options(timeout: .seconds(3_600))
    switch kind {
    case .health:
      let reader = try await Grpc.Health.V1.HealthClient(channel).watch(.init(), options: options)
      _ = try await reader.next()
      return .health(reader)
    case .seats, .slowSeats:
      let reader = try await Usher.V1.SeatMapServiceClient(channel).watchSeatMap(
        .init(showId: showID), options: options)
      if kind == .seats { _ = try await reader.next() }
      return .seats(reader, reads: kind == .seats)
    case .reflection:
      let stream = try await Grpc.Reflection.V1.ServerReflectionClient(channel)
        .serverReflectionInfo(options: options)
      try await stream.write(.init(messageRequest: .listServices("")))
      _ = try await stream.next()
      return .reflection(stream)
    }
  }

  /// Some read what has come, then all leave without a word; a few end in good order.
  private func leave(_ reader: Reader, reads: Bool) async throws(RPCError) {
    switch reader {
    case .health(let reader): reader.cancel()
    case .seats(let reader, let isReader):
      if isReader, reads { _ = try await reader.next() }
      reader.cancel()
    case .reflection(let stream):
      guard reads else { return stream.cancel() }
      await stream.finishWriting()
      while try await stream.next() != nil {}
    }
  }
}

/// Opens when everybody has passed.
actor Gate {
  private var missing: Int
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { missing = count }

  func pass() {
    missing -= 1
    guard missing == 0 else { return }
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  func wait() async {
    guard missing > 0 else { return }
    await withCheckedContinuation { waiters.append($0) }
  }
}
