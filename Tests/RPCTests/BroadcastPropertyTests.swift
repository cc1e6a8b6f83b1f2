// A thousand calls that come, go, read and stop reading at random: whatever happens, each is told a
// run of numbers without a gap from where it joined.

import Reactor
import Testing

@testable import RPC

@Suite struct BroadcastPropertyTests {
  /// One call with the number that it has to be told first.
  private struct Member {
    let peer: Peer
    let first: Int
  }

  @Test(arguments: 0..<6)
  func everyoneIsToldARunWithoutGaps(seed: UInt64) async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      var random = SplitMix(state: seed)
      var limits = BroadcastLimits()
      limits.messages = 200
      let merges = seed % 2 == 0
      // A merged message is the number that it leads up to, so that runs can be checked.
      let topic = Broadcast(
        loop: loop, limits: limits,
        policy: merges
          ? .merge(above: 50) { _ in [numbered(-1)] } : .cut(RPCError(.aborted, "lost")))
      let lines = (0..<20).map { _ in PeerLine() }
      var members: [Member] = []
      var published = 0
      for step in 0..<4_000 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4 where members.count < 1_000:
          for _ in 0..<5 {
            guard let line = lines.randomElement(using: &random) else { break }
            let peer = Peer(line, on: loop, window: 0)
            try topic.join(try #require(peer.call), opening: [numbered(published)])
            members.append(Member(peer: peer, first: published))
          }
        case 4:
          guard !members.isEmpty else { break }
          members.remove(at: Int.random(in: 0..<members.count, using: &random)).peer.reset()
        case 5, 6:
          for _ in 0..<Int.random(in: 1...8, using: &random) {
            published += 1
            topic.publish(numbered(published))
          }
        case 7:
          lines.randomElement(using: &random)?.flush()
        default:
          for _ in 0..<40 {
            let peer = members.randomElement(using: &random)?.peer
            peer?.window += Int.random(in: 1...400, using: &random)
          }
        }
        if step % 50 == 0 { await batchEnd(of: loop) }
      }
      for member in members { member.peer.window = .max }
      for line in lines { line.flush() }
      for member in members { check(member, published, merges, seed) }
      #expect(members.count > 500)
      let living = members.filter { $0.peer.status == nil }.count
      #expect(topic.subscriberCount == living && topic.syncedCount == living)
      #expect(topic.keptCount == 0 && topic.keptByteCount == 0)
    }
    loop.stop()
  }

  private func check(_ member: Member, _ published: Int, _ merges: Bool, _ seed: UInt64) {
    let numbers = member.peer.numbers
    #expect(numbers.first == member.first, "seed \(seed)")
    var hasJumped = false
    for (before, after) in zip(numbers, numbers.dropFirst()) {
      // A merged message stands for everything up to some later number.
      let isRun = before == -1 ? hasJumped : after == -1 || after == before + 1
      if after == -1 { hasJumped = true }
      #expect(isRun, "seed \(seed): \(before) then \(after)")
    }
    if member.peer.status == nil {
      #expect(numbers.last == published || merges && numbers.last == -1, "seed \(seed)")
      #expect(merges || !hasJumped)
    } else {
      #expect(!merges && member.peer.status?.code == .aborted)
    }
  }
}
