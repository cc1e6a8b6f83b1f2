// What is fuzzed: each target takes any bytes and must end without a trap, with its invariants
// held. The driver feeds it from libFuzzer, the replay tests from the corpus.

/// A reader of somebody else's bytes.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// HTTP/2 frames into a session, as server or client.
  case session
  /// HTTP/2 frames into a server: session, request heads, calls, handlers.
  case connection
  /// HTTP/2 frames into a client with calls under way: responses, statuses, advice to try again.
  case client
  /// TLS records, and a handshake with damaged ones.
  case tls
  /// Protobuf's binary format, by generated types.
  case codec
  /// Protobuf's JSON, by generated types.
  case json
  /// Length-prefixed messages, gzip included.
  case envelopes
  /// Metadata, time-outs, percent-encoding, base64, encodings.
  case metadata
  /// What requests say in text: ids, days, seats, page tokens; and the database's change stream.
  case booking
  /// Schema text into the compiler.
  case schema

  /// Runs one input. A broken invariant traps, so that the fuzzer keeps the input.
  package func run(_ input: [UInt8]) {
    switch self {
    case .session: SessionFuzz.run(input)
    case .connection: ConnectionFuzz.run(input)
    case .client: ClientFuzz.run(input)
    case .tls: TLSFuzz.run(input)
    case .codec: CodecFuzz.run(input)
    case .json: JSONFuzz.run(input)
    case .envelopes: EnvelopeFuzz.run(input)
    case .metadata: MetadataFuzz.run(input)
    case .booking: BookingFuzz.run(input)
    case .schema: SchemaFuzz.run(input)
    }
  }
}
