// A client's way to a service: finds its servers, keeps connections to them and spreads calls.

package import RPC
package import Reactor
package import TLS

/// Connections to the servers of one service, which heal themselves.
package final class Channel: ClientTransport, Sendable {
  package let loop: EventLoop
  package let interceptors: [any ClientInterceptor]
  private let core: LoopBound<ChannelCore>

  /// Connects on the first call.
  package init(loop: EventLoop, configuration: ChannelConfiguration) {
    self.loop = loop
    interceptors = configuration.interceptors
    core = LoopBound(ChannelCore(loop: loop, configuration), loop: loop)
  }

  /// A channel with every default. `tls` nil speaks cleartext HTTP/2.
  package convenience init(loop: EventLoop, target: HostPort, tls: TLSContext?) {
    self.init(
      loop: loop,
      configuration: ChannelConfiguration(target: ChannelTarget(.tcp(target)), tls: tls))
  }

  /// A channel with every default. `tls` nil speaks cleartext HTTP/2.
  package convenience init(loop: EventLoop, target: Endpoint, tls: TLSContext?) {
    self.init(
      loop: loop, configuration: ChannelConfiguration(target: ChannelTarget(target), tls: tls))
  }

  deinit {
    let core = core
    loop.execute { core.value.close() }
  }

  package func open(_ context: ClientContext) -> ClientStreamState { core.value.open(context) }

  /// Ends the connections after their calls; later calls fail.
  package func close() async {
    await loop.run { self.core.value.close() }
  }

  // MARK: The connectivity state

  /// The state of the channel as a whole.
  package func state() async -> ConnectivityState {
    await loop.run { self.core.value.state }
  }

  /// Begins to connect without a call.
  package func connect() async {
    await loop.run { self.core.value.wake() }
  }

  /// Waits until the state is another than the given one, and returns it; on cancellation the
  /// present state.
  package func stateChange(from last: ConnectivityState) async -> ConnectivityState {
    let core = core
    return await loop.run {
      let number = core.value.nextWatcher()
      return await withTaskCancellationHandler {
        await withCheckedContinuation { core.value.watchState(number, from: last, $0) }
      } onCancel: {
        core.loop.execute { core.value.dropWatcher(number) }
      }
    }
  }
}
