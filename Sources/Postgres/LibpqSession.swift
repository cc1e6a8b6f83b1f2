// The one owner of a PGconn: every libpq call on a connection is made here, with Swift types on the
// outside. Confined to its loop. Knows neither the loop nor who waits for an answer.

internal import CPostgres
internal import Glibc

/// A libpq connection, from its start to `PQfinish`.
final class LibpqSession {
  /// Nil once finished: libpq's functions take NULL for a broken connection.
  private var connection: OpaquePointer?
  /// Parameter bytes of the query being sent, reused.
  private var scratch: [UInt8] = []

  /// Starts connecting. The corresponding C function is `PQconnectStartParams`.
  init(starting parameters: [(String, String)]) throws(PostgresError) {
    let keywords = parameters.map { strdup($0.0) }
    let values = parameters.map { strdup($0.1) }
    defer { for string in keywords + values { free(string) } }
    let keywordPointers = keywords.map { UnsafePointer($0) } + [nil]
    let valuePointers = values.map { UnsafePointer($0) } + [nil]
    guard let connection = PQconnectStartParams(keywordPointers, valuePointers, 1) else {
      throw PostgresError(.connectFailed, "out of memory")
    }
    self.connection = connection
    // Notices would otherwise be printed to standard error.
    PQsetNoticeReceiver(connection, { _, _ in }, nil)
    if isBroken { throw connectError }
  }

  deinit { finish() }

  /// Closes the socket. Every later call behaves as on a broken connection. The corresponding C
  /// function is `PQfinish`.
  func finish() {
    PQfinish(connection)
    connection = nil
  }

  // MARK: Connecting

  enum ConnectStep {
    case wantsRead, wantsWrite, connected, failed
  }

  /// The corresponding C function is `PQconnectPoll`. May change the socket.
  func pollConnect() -> ConnectStep {
    switch PQconnectPoll(connection) {
    case PGRES_POLLING_READING: .wantsRead
    case PGRES_POLLING_WRITING: .wantsWrite
    case PGRES_POLLING_OK: .connected
    default: .failed
    }
  }

  var socket: Int32 { PQsocket(connection) }
  var isBroken: Bool { PQstatus(connection) == CONNECTION_BAD }
  var serverVersion: Int { Int(PQserverVersion(connection)) }
  var backendProcess: Int32 { PQbackendPID(connection) }
  /// No transaction open and nothing in flight.
  var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }
  /// Inside an explicit transaction block that has not failed.
  var isInTransaction: Bool { PQtransactionStatus(connection) == PQTRANS_INTRANS }

  /// Why no connection was made. libpq keeps no code for it, only text, which may name hosts.
  var connectError: PostgresError {
    PostgresError(.connectFailed, "no connection to the database", serverMessage: errorText)
  }

  /// libpq's text for the connection's last failure.
  var errorText: String {
    PQerrorMessage(connection).map { String(cString: $0) } ?? ""
  }

  func setNonblocking() -> Bool { PQsetnonblocking(connection, 1) == 0 }
  func enterPipelineMode() -> Bool { PQenterPipelineMode(connection) == 1 }
  func exitPipelineMode() -> Bool { PQexitPipelineMode(connection) == 1 }

  /// The corresponding C function is `PQgetCancel`.
  func makeCancel() -> CancelRequest? { PQgetCancel(connection).map(CancelRequest.init(owning:)) }

  // MARK: Sending

  enum FlushOutcome {
    /// Everything left.
    case done
    /// The socket is full: flush again when it is writable.
    case pending
    case failed
  }

  /// The corresponding C function is `PQflush`.
  func flush() -> FlushOutcome {
    switch PQflush(connection) {
    case 0: .done
    case 1: .pending
    default: .failed
    }
  }

  /// Sends SQL of any number of statements in the simple protocol. Not in pipeline mode.
  func sendScript(_ sql: String) -> Bool { PQsendQuery(connection, sql) == 1 }

  func sendPrepare(name: String, sql: String, types: [PostgresType]) -> Bool {
    let types = types.map(\.rawValue)
    return PQsendPrepare(connection, name, sql, Int32(types.count), types) == 1
  }

  func sendExecute(prepared name: String, _ parameters: [PostgresValue]) -> Bool {
    withBinary(parameters) { connection, values, lengths, formats in
      PQsendQueryPrepared(
        connection, name, Int32(lengths.count), values, lengths, formats, 1) == 1
    }
  }

  func sendUnprepared(sql: String, _ parameters: [PostgresValue]) -> Bool {
    let types = parameters.map(\.type.rawValue)
    return withBinary(parameters) { connection, values, lengths, formats in
      PQsendQueryParams(
        connection, sql, Int32(lengths.count), types, values, lengths, formats, 1) == 1
    }
  }

  func sendSync() -> Bool { usher_pipeline_sync(connection) == 1 }

  private func withBinary(
    _ parameters: [PostgresValue],
    _ send: (OpaquePointer?, [UnsafePointer<CChar>?], [Int32], [Int32]) -> Bool
  ) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    // One byte in front: an empty value needs an address that is not NULL.
    scratch.append(0)
    for parameter in parameters { scratch.append(contentsOf: parameter.bytes ?? []) }
    let lengths = parameters.map { Int32(clamping: $0.bytes?.count ?? 0) }
    let formats = [Int32](repeating: 1, count: parameters.count)
    // SAFETY: libpq copies the values into its own buffer before the call returns; offsets stay
    // inside `scratch` because they add up the very bytes appended above.
    let sent = scratch.withUnsafeBytes { buffer in
      var offset = 1
      let values = parameters.map { parameter -> UnsafePointer<CChar>? in
        guard let bytes = parameter.bytes, let base = buffer.baseAddress else { return nil }
        defer { offset += bytes.count }
        return (base + offset).assumingMemoryBound(to: CChar.self)
      }
      return send(connection, values, lengths, formats)
    }
    if scratch.capacity > Self.scratchKeptBytes { scratch = [] }
    return sent
  }

  /// A larger scratch buffer is given back after use: an idle connection should be small.
  private static let scratchKeptBytes = 256 << 10

  // MARK: Receiving

  enum Answer {
    /// libpq has no more for the current command.
    case end
    case success(PostgresResult)
    /// An error; a fatal one is the last word of the session.
    case failure(PostgresError, isFatal: Bool)
    /// An earlier error of the same implicit transaction skipped this command.
    case aborted
    /// The implicit transaction is over.
    case sync
    /// The connection turned into a replication stream.
    case copyBoth
    /// Something that no command of ours may cause, such as COPY.
    case unexpected
  }

  /// Reads what the socket has. False when the connection is gone (`PQconsumeInput`).
  func consumeInput() -> Bool { PQconsumeInput(connection) == 1 }

  /// Whether `nextAnswer` would block.
  var isBusy: Bool { PQisBusy(connection) == 1 }

  /// The corresponding C function is `PQgetResult`.
  func nextAnswer() -> Answer {
    guard let result = PQgetResult(connection) else { return .end }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      return .success(PostgresResult(owning: result))
    case PGRES_PIPELINE_SYNC:
      PQclear(result)
      return .sync
    case PGRES_PIPELINE_ABORTED:
      PQclear(result)
      return .aborted
    case PGRES_COPY_BOTH:
      PQclear(result)
      return .copyBoth
    case PGRES_FATAL_ERROR:
      defer { PQclear(result) }
      let isFatal = Self.field(.severity, of: result).map { $0 != "ERROR" }
      return .failure(Self.error(of: result), isFatal: isFatal ?? false)
    default:
      PQclear(result)
      return .unexpected
    }
  }

  private static func error(of result: OpaquePointer) -> PostgresError {
    guard let code = field(.sqlState, of: result) else {
      // libpq made the error itself: the connection broke, or the protocol did.
      return PostgresError(
        .connectionLost(maybeExecuted: true), "connection lost",
        serverMessage: PQresultErrorMessage(result).map { String(cString: $0) })
    }
    return .server(
      code: code, message: field(.message, of: result),
      constraint: field(.constraint, of: result))
  }

  /// The protocol's "Error and Notice Message Fields"; libpq's macros for them are characters, which
  /// Swift does not import.
  private enum Field: Unicode.Scalar {
    case severity = "V"
    case sqlState = "C"
    case message = "M"
    case constraint = "n"
  }

  private static func field(_ field: Field, of result: OpaquePointer) -> String? {
    PQresultErrorField(result, Int32(field.rawValue.value)).map { String(cString: $0) }
  }

  // MARK: Replication stream

  enum CopyData {
    case message([UInt8])
    /// Nothing complete yet.
    case none
    /// The server ended the stream.
    case ended
    case failed
  }

  /// The corresponding C function is `PQgetCopyData`, without waiting.
  func nextCopyData() -> CopyData {
    var buffer: UnsafeMutablePointer<CChar>?
    let count = PQgetCopyData(connection, &buffer, 1)
    defer { PQfreemem(buffer) }
    switch count {
    case 1...: return .message([UInt8](UnsafeRawBufferPointer(start: buffer, count: Int(count))))
    case 0: return .none
    case -1: return .ended
    default: return .failed
    }
  }

  /// The corresponding C function is `PQputCopyData`. False when the connection is gone.
  func putCopyData(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      return PQputCopyData(connection, start, Int32(clamping: buffer.count)) == 1
    }
  }
}
