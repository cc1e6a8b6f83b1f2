// A client's connection and its calls. Confined to its loop.

import Bytes
import HTTP2
import RPC
import Reactor

final class ClientConnection: ConnectionDelegate {
  private let connection: Connection
  private let authority: String
  private let scheme: String
  private let onReady: () -> Void
  private let onEnd: (ClientConnection, ConnectionEnd) -> Void
  /// False once the server has said that it takes no new calls.
  private(set) var takesCalls = true
  private var isReady = false

  init(
    _ connection: Connection, authority: String, scheme: String, onReady: @escaping () -> Void,
    onEnd: @escaping (ClientConnection, ConnectionEnd) -> Void
  ) {
    self.connection = connection
    self.authority = authority
    self.scheme = scheme
    self.onReady = onReady
    self.onEnd = onEnd
    connection.delegate = self
  }

  func start() throws(SystemError) { try connection.start() }

  /// Ends the connection after its calls.
  func close() {
    takesCalls = false
    connection.session.goAway(errorCode: 0)
    connection.markDirty()
    if connection.session.streams.isEmpty { connection.endWhenSent() }
  }

  func abort() { connection.end(.closed) }

  /// Starts a call. Throws UNAVAILABLE when the connection can have no more.
  func open(
    _ method: MethodDescriptor, _ options: CallOptions
  ) throws(RPCError) -> ClientStreamState {
    let state = ClientStreamState(
      loop: connection.loop, receiveLimitBytes: RPC.Limits.messageBytes,
      compresses: options.compressesRequests)
    let stream: HTTP2Stream
    do throws(HTTP2Error) {
      stream = try connection.session.request(head(method, options))
    } catch {
      throw RPCError(.unavailable, "the connection can carry no more calls")
    }
    let transport = ClientCallTransport(stream, state, connection)
    stream.attachment = transport
    state.attach(transport, deadline: options.timeout.map { .now + $0 })
    connection.markDirty()
    return state
  }

  private func head(_ method: MethodDescriptor, _ options: CallOptions) -> HeaderBlock {
    var block = HeaderBlock([
      (":method", "POST"), (":scheme", scheme), (":path", method.path), (":authority", authority),
      ("content-type", "application/grpc"), ("te", "trailers"), ("user-agent", "usher"),
    ])
    block.append("grpc-accept-encoding", "identity,gzip")
    if options.compressesRequests { block.append("grpc-encoding", "gzip") }
    if let timeout = options.timeout { block.append("grpc-timeout", Timeout.format(timeout)) }
    for field in options.metadata.fields { block.append(field.name, field.value) }
    return block
  }

  func handle(_ event: HTTP2Event) {
    switch event {
    case .headers(let stream, let block, let endStream):
      transport(stream)?.receiveHeaders(block, endStream: endStream)
    case .data(let stream, let bytes):
      if let transport = transport(stream) {
        transport.state.receive(bytes)
      } else {
        connection.session.reopenWindow(stream, bytes.count)
      }
    case .trailers(let stream, let block): transport(stream)?.receiveTrailers(block)
    case .end(let stream): transport(stream)?.receiveEndWithoutTrailers()
    case .closed(let stream, let code):
      transport(stream)?.receiveReset(code)
      stream.attachment = nil
      if !takesCalls, connection.session.streams.isEmpty { connection.endWhenSent() }
    case .drained(let stream): transport(stream)?.state.noteDrained()
    case .goAway:
      takesCalls = false
      if connection.session.streams.isEmpty { connection.endWhenSent() }
    case .settings: noteSettings()
    case .pinged, .pingAcknowledged: break
    }
  }

  /// Only the first SETTINGS complete the connection; a server may change its mind later.
  private func noteSettings() {
    guard !isReady else { return }
    isReady = true
    onReady()
  }

  private func transport(_ stream: HTTP2Stream) -> ClientCallTransport? {
    stream.attachment as? ClientCallTransport
  }

  func connectionEnded(_ end: ConnectionEnd) {
    takesCalls = false
    for stream in connection.session.streams {
      transport(stream)?.state.close(RPCError(.unavailable, "the connection was lost"))
      stream.attachment = nil
    }
    onEnd(self, end)
  }
}
