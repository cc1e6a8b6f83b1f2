// The cases by their public names.

/// A case of the public description that this client plays.
enum InteropCase: String, CaseIterable {
  case emptyUnary = "empty_unary"
  case largeUnary = "large_unary"
  case clientStreaming = "client_streaming"
  case serverStreaming = "server_streaming"
  case pingPong = "ping_pong"
  case halfDuplex = "half_duplex"
  case emptyStream = "empty_stream"
  case cancelAfterBegin = "cancel_after_begin"
  case cancelAfterFirstResponse = "cancel_after_first_response"
  case statusCodeAndMessage = "status_code_and_message"
  case specialStatusMessage = "special_status_message"
  case customMetadata = "custom_metadata"
  case unimplementedMethod = "unimplemented_method"
  case unimplementedService = "unimplemented_service"
  case timeoutOnSleepingServer = "timeout_on_sleeping_server"
  case clientCompressedUnary = "client_compressed_unary"
  case clientCompressedStreaming = "client_compressed_streaming"
  case serverCompressedUnary = "server_compressed_unary"
  case serverCompressedStreaming = "server_compressed_streaming"

  /// Plays the case; throws what went wrong.
  func play(_ peer: InteropPeer) async throws {
    switch self {
    case .emptyUnary: try await peer.emptyUnary()
    case .largeUnary: try await peer.largeUnary()
    case .clientStreaming: try await peer.clientStreaming()
    case .serverStreaming: try await peer.serverStreaming()
    case .pingPong: try await peer.pingPong()
    case .halfDuplex: try await peer.halfDuplex()
    case .emptyStream: try await peer.emptyStream()
    case .cancelAfterBegin: try await peer.cancelAfterBegin()
    case .cancelAfterFirstResponse: try await peer.cancelAfterFirstResponse()
    case .statusCodeAndMessage: try await peer.statusCodeAndMessage()
    case .specialStatusMessage: try await peer.specialStatusMessage()
    case .customMetadata: try await peer.customMetadata()
    case .unimplementedMethod: try await peer.unimplementedMethod()
    case .unimplementedService: try await peer.unimplementedService()
    case .timeoutOnSleepingServer: try await peer.timeoutOnSleepingServer()
    case .clientCompressedUnary: try await peer.clientCompressedUnary()
    case .clientCompressedStreaming: try await peer.clientCompressedStreaming()
    case .serverCompressedUnary: try await peer.serverCompressedUnary()
    case .serverCompressedStreaming: try await peer.serverCompressedStreaming()
    }
  }
}
