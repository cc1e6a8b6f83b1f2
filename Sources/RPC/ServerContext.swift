// What a handler knows of its call, and the little it may say besides messages.

package import Reactor

/// Who calls, as an interceptor decided. The RPC floor only carries it. An object, so that carrying it
/// costs a reference, and asking which kind it is no more than comparing two addresses.
package protocol CallerIdentity: AnyObject, Sendable {}

/// The other end of a connection, as all its calls see it.
package final class CallOrigin: Sendable {
  let peer: String
  let isSecure: Bool
  let identity: PeerIdentity?

  package init(peer: String, isSecure: Bool, identity: PeerIdentity? = nil) {
    self.peer = peer
    self.isSecure = isSecure
    self.identity = identity
  }
}

/// What is known of a call when it begins.
package struct CallHead: Sendable {
  let method: MethodDescriptor
  private(set) var metadata: Metadata
  let deadline: LoopInstant?
  let origin: CallOrigin

  package init(
    method: MethodDescriptor, metadata: Metadata, deadline: LoopInstant?, origin: CallOrigin
  ) {
    self.method = method
    self.metadata = metadata
    self.deadline = deadline
    self.origin = origin
  }

  /// A request's header fields are half a kilobyte: too much to keep for thousands of calls that wait.
  mutating func forgetMetadata() { metadata = Metadata() }
}

/// The circumstances of one server call. One reference, so that copies cost little. Loop only.
package struct ServerContext: Sendable {
  let stream: LoopRef<ServerStream>

  package init(_ stream: ServerStream) { self.stream = LoopRef(stream) }

  private var head: CallHead { stream.value.head }

  /// Set by an interceptor; nil for an anonymous caller. Loop only.
  package var caller: (any CallerIdentity)? {
    get { stream.value.caller }
    nonmutating set { stream.value.caller = newValue }
  }

  package var method: MethodDescriptor { head.method }
  /// Initial metadata of the request without reserved (`grpc-…`) names. Empty once the handler has
  /// handed its call over to a topic and returned.
  package var metadata: Metadata { head.metadata }
  /// When the caller stops waiting; nil when it never does.
  package var deadline: LoopInstant? { head.deadline }
  /// The peer's address, for example `127.0.0.1:50312` or `unix:`.
  package var peer: String { head.origin.peer }
  /// Whether the connection is encrypted.
  package var isSecure: Bool { head.origin.isSecure }
  /// Who the client is by its certificate; nil when it showed none.
  package var identity: PeerIdentity? { head.origin.identity }
  /// The loop that the call lives on.
  package var loop: EventLoop { stream.loop }

  /// Time until the deadline, not below zero; nil without a deadline.
  package var remaining: Duration? {
    deadline.map { max(.zero, $0 - .now) }
  }

  /// Adds to the initial metadata; without effect once the first message is out. Loop only.
  package func addInitialMetadata(_ name: String, _ value: String) {
    stream.value.initialMetadata.append(name, value)
  }

  /// Adds to the trailing metadata. Loop only.
  package func addTrailer(_ name: String, _ value: String) {
    stream.value.trailers.append(name, value)
  }

  /// Answers a unary call with a message that is in its envelope already, so that many calls share
  /// its bytes: what the handler then returns is dropped. Loop only.
  package func answer(with envelope: SharedEnvelope) {
    stream.value.preparedAnswer = envelope
  }

  /// Compresses the messages that follow, when the client takes gzip. Without effect once the
  /// headers are out. Do not compress secrets beside text that a stranger chose (CRIME, BREACH);
  /// single messages can be exempted where they are written. Loop only.
  package func compressResponses() {
    stream.value.wantsCompression = true
  }

  /// Has the answer break off with an error after so many messages: with 0 whatever the answer is, with
  /// more as soon as the last of them is on its way. A call with one message has no use for more. Loop only.
  package func breakOff(afterMessages count: Int, _ error: RPCError) {
    stream.value.breakingPoint = BreakingPoint(messagesLeft: count, error)
  }

  /// Whether the request message read last had come compressed. Loop only.
  package var lastRequestWasCompressed: Bool { stream.value.inbound.lastWasCompressed }

  /// Sends the response headers now, before any message. Loop only.
  package func sendInitialMetadata() {
    guard !stream.value.isClosed else { return }
    stream.value.sendHeadersIfNeeded()
  }
}
