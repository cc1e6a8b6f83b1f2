// What a handler knows of its call, and the little it may say besides messages.

package import Reactor

/// Who calls, as an interceptor decided. The RPC floor only carries it.
package protocol CallerIdentity: Sendable {}

/// The circumstances of one server call.
package struct ServerContext: Sendable {
  package let method: MethodDescriptor
  /// Initial metadata of the request without reserved (`grpc-…`) names.
  package let metadata: Metadata
  /// When the caller stops waiting; nil when it never does.
  package let deadline: LoopInstant?
  /// The peer's address, for example `127.0.0.1:50312` or `unix:`.
  package let peer: String
  /// Whether the connection is encrypted.
  package let isSecure: Bool
  /// The loop that the call lives on.
  package let loop: EventLoop
  /// Set by an interceptor; nil for an anonymous caller.
  package var caller: (any CallerIdentity)?
  private let stream: LoopBound<ServerStream>

  package init(
    method: MethodDescriptor, metadata: Metadata, deadline: LoopInstant?, peer: String,
    isSecure: Bool, stream: ServerStream
  ) {
    self.method = method
    self.metadata = metadata
    self.deadline = deadline
    self.peer = peer
    self.isSecure = isSecure
    self.loop = stream.loop
    self.stream = LoopBound(stream, loop: stream.loop)
  }

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

  /// Compresses the messages that follow, when the client takes gzip. Without effect once the
  /// headers are out. Do not compress secrets beside text that a stranger chose (CRIME, BREACH);
  /// single messages can be exempted where they are written. Loop only.
  package func compressResponses() {
    stream.value.wantsCompression = true
  }

  /// Whether the request message read last had come compressed. Loop only.
  package var lastRequestWasCompressed: Bool { stream.value.inbound.lastWasCompressed }

  /// Sends the response headers now, before any message. Loop only.
  package func sendInitialMetadata() {
    guard !stream.value.isClosed else { return }
    stream.value.sendHeadersIfNeeded()
  }
}
