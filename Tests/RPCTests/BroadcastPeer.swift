// The other end of calls that follow a topic: a connection that takes turns, peers with windows.

import Reactor

@testable import RPC

/// A connection as made-up transports see it. Confined to its loop.
final class PeerLine: BroadcastLine {
  private(set) var turnCount = 0
  private var groups: [BroadcastGroup] = []
  var peers: [Peer] = []

  func requestTurn(_ group: BroadcastGroup) { groups.append(group) }
  func shrink(_ group: BroadcastGroup, to count: Int) {}

  /// Sends whatever can be sent.
  func flush() {
    let waiting = groups
    groups = []
    turnCount += waiting.count
    for group in waiting { group.turnBegins() }
    for peer in peers { peer.flush() }
  }
}

/// A peer that lets its call send as many bytes as its window has.
final class Peer: ServerStreamSink {
  private(set) var stream: ServerStream?
  private let connection: PeerLine
  var window: Int
  private(set) var queue: [[UInt8]] = []
  private var isPartOfFirstGone = false
  private(set) var received: [UInt8] = []
  private(set) var status: (code: StatusCode, message: String)?
  private(set) var largestQueue = 0
  /// Addresses of the messages' memory as they were handed over.
  private(set) var addresses: [UnsafeRawPointer?] = []
  private var group: BroadcastGroup?
  private var slot = 0

  init(
    _ connection: PeerLine, on loop: EventLoop, window: Int = .max, takesGzip: Bool = false,
    metadata: Metadata = Metadata()
  ) {
    self.connection = connection
    self.window = window
    var encodings = MessageEncodings()
    if takesGzip { encodings.accept("gzip") }
    let method = MethodDescriptor(
      service: "t.T", method: "Follow", kind: .serverStreaming, sideEffects: false)
    let stream = ServerStream(
      CallHead(method, metadata), loop: loop, sink: self, receiveLimitBytes: 100,
      encodings: encodings)
    stream.wantsCompression = takesGzip
    self.stream = stream
    connection.peers.append(self)
  }

  var call: ServerCall? { stream.map { ServerCall(ServerContext($0)) } }

  /// The peer resets its call.
  func reset() {
    queue = []
    connection.peers.removeAll { $0 === self }
    stream?.receiveReset()
    stream = nil
    group = nil
  }

  /// The whole messages received, as the numbers they carry.
  var numbers: [Int] {
    var numbers: [Int] = []
    var rest = received[...]
    while rest.count >= 13 {
      numbers.append(rest.dropFirst(5).prefix(8).reduce(0) { $0 << 8 | Int($1) })
      rest = rest.dropFirst(13)
    }
    return numbers
  }

  func flush() {
    while window > 0 {
      if queue.isEmpty {
        _ = group?.pull(slot: slot, byteCount: min(window, 16_384)) { add($0) }
      }
      guard let first = queue.first else { return }
      let taken = first.prefix(window)
      received += taken
      window -= taken.count
      queue[0] = Array(first.dropFirst(taken.count))
      if queue[0].isEmpty { queue.removeFirst() }
    }
  }

  private func add(_ bytes: [UInt8]) {
    addresses.append(bytes.withUnsafeBytes { $0.baseAddress })
    queue.append(bytes)
    largestQueue = max(largestQueue, queue.count)
  }

  // MARK: ServerStreamSink

  func sendHeaders(_ metadata: Metadata) {}
  func sendMessage(_ envelope: [UInt8]) { add(envelope) }

  func sendTrailers(
    _ code: StatusCode, message: String, details: [UInt8], _ trailers: Metadata
  ) {
    group = nil
    status = (code, message)
  }

  func reopenWindow(_ byteCount: Int) {}
  var queuedByteCount: Int { queue.reduce(0) { $0 + $1.count } }
  var line: (any BroadcastLine)? { connection }

  func follow(_ group: BroadcastGroup, slot: Int) {
    self.group = group
    self.slot = slot
  }
}

extension CallHead {
  /// A call from nowhere.
  init(_ method: MethodDescriptor, _ metadata: Metadata = Metadata()) {
    self.init(
      method: method, metadata: metadata, deadline: nil,
      origin: CallOrigin(peer: "test", isSecure: true))
  }
}

/// A message of 13 bytes that carries a number.
func numbered(_ number: Int) -> SharedEnvelope {
  SharedEnvelope([0, 0, 0, 0, 8] + withUnsafeBytes(of: number.bigEndian) { Array($0) })
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// Returns when the loop's batch has ended, behind the handlers that asked before.
func batchEnd(of loop: EventLoop) async {
  final class Handler: BatchEndHandler {
    var waiter: CheckedContinuation<Void, Never>?
    func batchEnded() { waiter.take()?.resume() }
  }
  let handler = Handler()
  await withCheckedContinuation { waiter in
    handler.waiter = waiter
    loop.atBatchEnd(handler)
  }
}
