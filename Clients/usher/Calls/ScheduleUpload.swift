// Sends a schedule on one stream and tells what becomes of each row. A stream that breaks is opened again:
// rows that are in the programme already change nothing.

import ProtoWire
import RPC
import Reactor
import UsherProtos

/// What became of a row of the file.
struct RowReport {
  let line: Int
  let result: Usher.V1.ScheduleRowResult
}

/// Where an upload tells of its progress.
protocol UploadSink {
  mutating func note(_ report: RowReport) throws(Failure)
  mutating func note(_ vanished: Usher.V1.VanishedShow) throws(Failure)
  /// So much of the file was read, if that is known.
  mutating func progress(_ fraction: Double?)
}

struct ScheduleUpload {
  /// A request under way, with the lines of its rows.
  private struct Part {
    var request: Usher.V1.UploadScheduleRequest
    var lines: [Int]
  }

  private typealias Stream = ClientStream<
    Usher.V1.UploadScheduleRequest, Usher.V1.UploadScheduleResponse
  >

  let session: Session
  let file: ScheduleFile
  let theatre: Int64
  /// Set when the file is the whole schedule of a span.
  let whole: Usher.V1.ScheduleSpan?
  private var pending: [Part] = []
  private var read: NumberedRow<Usher.V1.ScheduleRow>?
  private var isAtEnd = false
  private var hasBrokenLine = false
  private var reconnections = Reconnections()

  init(
    _ session: Session, _ file: ScheduleFile, theatre: Int64, whole: Usher.V1.ScheduleSpan?
  ) {
    self.session = session
    self.file = file
    self.theatre = theatre
    self.whole = whole
  }

  private var advice: Advice { Advice(flags: session.settings.repeatedFlags) }

  /// Runs to the end. Rows of a whole schedule that are sent again after a break are told again: the sink
  /// counts a line once.
  mutating func run(_ sink: inout some UploadSink) async throws(Failure) {
    while true {
      switch await attempt(&sink) {
      case .done: return
      case .failed(let failure): throw failure
      case .broken(let error):
        let pause = try reconnections.pause(after: error, session, advice)
        session.output.notice("no answer (\(error.message)); going on in \(Clock.span(pause))")
        try? await Task.sleep(for: pause)
        // A new stream knows nothing of the rows that an earlier one named.
        if whole != nil { try startAgain(error) }
      }
    }
  }

  private mutating func startAgain(_ error: RPCError) throws(Failure) {
    guard file.rewind() else { throw advice.failure(error) }
    (pending, read, isAtEnd, hasBrokenLine) = ([], nil, false, false)
  }

  private mutating func attempt(_ sink: inout some UploadSink) async -> StreamOutcome {
    do throws(RPCError) {
      let stream = try await session.partner.uploadSchedule(options: try session.options())
      var sent = 0
      while true {
        do throws(Failure) {
          try fill(&sink)
        } catch {
          return .failed(error)
        }
        while sent < pending.count {
          try await stream.write(pending[sent].request)
          sent += 1
        }
        guard let part = pending.first else { break }
        if let failure = try await receive(part, stream, &sink) { return .failed(failure) }
        pending.removeFirst()
        sent -= 1
        sink.progress(isAtEnd ? 1 : file.fraction)
      }
      await stream.finishWriting()
      _ = try await stream.next()
      return .done
    } catch {
      return .broken(error)
    }
  }

  /// Reads all that comes for a request; returns what makes going on senseless.
  private mutating func receive(
    _ part: Part, _ stream: Stream, _ sink: inout some UploadSink
  ) async throws(RPCError) -> Failure? {
    while true {
      guard let response = try await stream.next() else {
        throw RPCError(.unavailable, "the stream ended")
      }
      reconnections.noteEvent()
      do throws(Failure) {
        for (line, result) in zip(part.lines, response.results) {
          try sink.note(RowReport(line: line, result: result))
        }
        for vanished in response.vanished { try sink.note(vanished) }
      } catch {
        return error
      }
      if response.complete { return nil }
    }
  }

  /// Reads rows until two requests are under way: the server has the next one when it is done with one.
  private mutating func fill(_ sink: inout some UploadSink) throws(Failure) {
    while pending.count < 2, !isAtEnd {
      var part = Part(request: .init(theatreId: theatre), lines: [])
      var byteCount = 0
      while part.lines.count < Limits.rowsPerRequest {
        if read == nil { read = try file.next() }
        guard let next = read else {
          isAtEnd = true
          break
        }
        guard let row = try row(next, &sink) else { continue }
        byteCount += row.protoBytes().count + 8
        guard byteCount <= Limits.requestBytes || part.lines.isEmpty else { break }
        part.request.rows.append(row)
        part.lines.append(next.line)
        read = nil
      }
      if isAtEnd { part.request.whole = spanAtEnd }
      if !part.lines.isEmpty || part.request.whole != nil { pending.append(part) }
    }
  }

  /// The row of a line; nil for a line that is none, which is told.
  private mutating func row(
    _ next: NumberedRow<Usher.V1.ScheduleRow>, _ sink: inout some UploadSink
  ) throws(Failure) -> Usher.V1.ScheduleRow? {
    switch next.row {
    case .success(let row): return row
    case .failure(let fault):
      read = nil
      hasBrokenLine = true
      try sink.note(
        RowReport(line: next.line, result: .init(outcome: .refused, error: fault.status)))
      return nil
    }
  }

  /// The server does not know of lines that never were rows: with one nothing may be withdrawn.
  private var spanAtEnd: Usher.V1.ScheduleSpan? {
    guard var span = whole else { return nil }
    if hasBrokenLine { span.withdraw = false }
    return span
  }
}
