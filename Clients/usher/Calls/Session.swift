// A command's connection: one loop, one channel, one deadline for everything it does.

import RPC
import RPCTransport
import Reactor
import TLS
import UsherProtos

struct Session: Sendable {
  let settings: ConnectionSettings
  let presentation: Presentation
  /// Where the connection lives.
  let loop: EventLoop
  private let channel: Channel
  private let timeout: Duration?
  /// When the command gives up; nil when it never does.
  private(set) var deadline: LoopInstant?

  init(
    _ settings: ConnectionSettings, _ presentation: Presentation, timeout: Duration?,
    on loop: EventLoop? = nil
  ) throws(Failure) {
    self.settings = settings
    self.presentation = presentation
    self.timeout = timeout
    deadline = timeout.map { .now + $0 }
    if let loop { self.loop = loop } else { self.loop = try Self.newLoop() }
    var configuration = ChannelConfiguration(
      target: ChannelTarget(settings.address.target), tls: try Self.tls(settings))
    configuration.authority = settings.authority
    configuration.retry = Repetition.reads
    configuration.keepalive = KeepaliveOptions(interval: Limits.keepalive)
    configuration.interceptors = [RepetitionNotice(output: Output(presentation))]
    channel = Channel(loop: self.loop, configuration: configuration)
  }

  static func newLoop() throws(Failure) -> EventLoop {
    do throws(SystemError) {
      return try EventLoop(name: "usher")
    } catch {
      throw Failure(.other, "cannot start: \(error.call) failed")
    }
  }

  private static func tls(_ settings: ConnectionSettings) throws(Failure) -> TLSContext? {
    guard !settings.address.isCleartext else { return nil }
    do throws(TLSError) {
      return try TLSContext(
        trustedCertificateFile: settings.trustedCertificateFile,
        certificate: settings.certificate)
    } catch {
      throw Failure(
        .usage, error.reason,
        hint:
          "--ca names a PEM file of the server's authority; --client-cert and --client-key your own."
      )
    }
  }

  var catalog: Usher.V1.CatalogServiceClient { Usher.V1.CatalogServiceClient(channel) }
  var seatMaps: Usher.V1.SeatMapServiceClient { Usher.V1.SeatMapServiceClient(channel) }
  var admin: Usher.Admin.V1.AdminServiceClient { Usher.Admin.V1.AdminServiceClient(channel) }
  var operators: Usher.Admin.V1.OperatorServiceClient {
    Usher.Admin.V1.OperatorServiceClient(channel)
  }
  var partner: Usher.V1.PartnerServiceClient { Usher.V1.PartnerServiceClient(channel) }
  var sandbox: Usher.V1.SandboxServiceClient { Usher.V1.SandboxServiceClient(channel) }
  var catalogAdmin: Usher.Admin.V1.CatalogAdminServiceClient {
    Usher.Admin.V1.CatalogAdminServiceClient(channel)
  }
  var reviews: Usher.V1.ReviewServiceClient { Usher.V1.ReviewServiceClient(channel) }
  var recommendations: Usher.V1.RecommendationServiceClient {
    Usher.V1.RecommendationServiceClient(channel)
  }
  var accounts: Usher.V1.AccountServiceClient { Usher.V1.AccountServiceClient(channel) }
  var bookings: Usher.V1.BookingServiceClient { Usher.V1.BookingServiceClient(channel) }
  var sales: Usher.V1.SalesServiceClient { Usher.V1.SalesServiceClient(channel) }
  var waitlist: Usher.V1.WaitlistServiceClient { Usher.V1.WaitlistServiceClient(channel) }

  /// The same connection with as much time as at first.
  var withAllItsTime: Session {
    var copy = self
    copy.deadline = timeout.map { .now + $0 }
    return copy
  }

  /// Time that is left; nil without a limit.
  var remaining: Duration? { deadline.map { max(.zero, $0 - .now) } }

  /// Options of the next call: the key, and what is left of the time.
  func options() throws(RPCError) -> CallOptions {
    let remaining = remaining
    if let remaining, remaining <= .zero { throw .deadlineExceeded }
    return options(within: remaining)
  }

  /// Options of a call with a time limit of its own: the key.
  func options(within timeout: Duration?) -> CallOptions {
    var options = CallOptions(timeout: timeout)
    if let token = settings.token {
      options.metadata.append("authorization", "Bearer \(token.secret)")
    }
    return options
  }

  /// Ends the connection.
  func close() async { await channel.close() }

  /// Prints a message, or messages, in the format that was asked for.
  var output: Output { Output(presentation) }
}
