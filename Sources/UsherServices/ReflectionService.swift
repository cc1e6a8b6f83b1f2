// Server reflection, v1 and v1alpha: the same questions in two packages.

package import RPC
package import UsherProtos

/// A question of the reflection protocol, whatever its package.
private enum ReflectionQuestion {
  case fileNamed(String)
  case fileWithSymbol(String)
  case extensionNumbers(String)
  case fileWithExtension(String)
  case listServices
  case nothing
}

/// The answer to a question.
private enum ReflectionAnswer {
  case files([[UInt8]])
  case extensionNumbers(String)
  case services([String])
  case failure(StatusCode, String)
}

/// Answers from the compiled schema. Shared by both versions of the service.
package struct Reflection: Sendable {
  private let index = DescriptorIndex(ProtoDescriptors.files)
  private let services: [String]

  /// `services` are the full names of the services the server offers.
  package init(services: [String]) { self.services = services.sorted() }

  fileprivate func answer(_ question: ReflectionQuestion) -> ReflectionAnswer {
    switch question {
    case .fileNamed(let name): files(index.withDependencies(fileNamed: name))
    case .fileWithSymbol(let symbol): files(index.withDependencies(fileWithSymbol: symbol))
    // proto3 without custom options has no extensions to tell of.
    case .fileWithExtension: .failure(.notFound, "no such extension")
    case .extensionNumbers(let type):
      index.messages.contains(type) ? .extensionNumbers(type) : .failure(.notFound, "no such type")
    case .listServices: .services(services)
    case .nothing: .failure(.invalidArgument, "the request asks nothing")
    }
  }

  private func files(_ files: [[UInt8]]?) -> ReflectionAnswer {
    files.map { .files($0) } ?? .failure(.notFound, "no such file or symbol")
  }
}

package struct ReflectionService: Grpc.Reflection.V1.ServerReflectionServer {
  private typealias API = Grpc.Reflection.V1
  private let reflection: Reflection

  package init(_ reflection: Reflection) { self.reflection = reflection }

  package func serverReflectionInfo(
    _ requests: RequestReader<Grpc.Reflection.V1.ServerReflectionRequest>,
    responses: ResponseWriter<Grpc.Reflection.V1.ServerReflectionResponse>, context: ServerContext
  ) async throws(RPCError) {
    while let request = try await requests.next() {
      var response = API.ServerReflectionResponse(
        validHost: request.host, originalRequest: request)
      switch reflection.answer(Self.question(request)) {
      case .files(let files):
        response.messageResponse = .fileDescriptorResponse(.init(fileDescriptorProto: files))
      case .extensionNumbers(let type):
        response.messageResponse = .allExtensionNumbersResponse(.init(baseTypeName: type))
      case .services(let names):
        response.messageResponse = .listServicesResponse(
          .init(service: names.map { .init(name: $0) }))
      case .failure(let code, let message):
        response.messageResponse = .errorResponse(
          .init(errorCode: Int32(code.rawValue), errorMessage: message))
      }
      try await responses.write(response)
    }
  }

  private static func question(_ request: API.ServerReflectionRequest) -> ReflectionQuestion {
    switch request.messageRequest {
    case .fileByFilename(let name): .fileNamed(name)
    case .fileContainingSymbol(let symbol): .fileWithSymbol(symbol)
    case .fileContainingExtension(let query): .fileWithExtension(query.containingType)
    case .allExtensionNumbersOfType(let type): .extensionNumbers(type)
    case .listServices: .listServices
    case nil: .nothing
    }
  }
}

package struct ReflectionAlphaService: Grpc.Reflection.V1alpha.ServerReflectionServer {
  private typealias API = Grpc.Reflection.V1alpha
  private let reflection: Reflection

  package init(_ reflection: Reflection) { self.reflection = reflection }

  package func serverReflectionInfo(
    _ requests: RequestReader<Grpc.Reflection.V1alpha.ServerReflectionRequest>,
    responses: ResponseWriter<Grpc.Reflection.V1alpha.ServerReflectionResponse>,
    context: ServerContext
  ) async throws(RPCError) {
    while let request = try await requests.next() {
      var response = API.ServerReflectionResponse(
        validHost: request.host, originalRequest: request)
      switch reflection.answer(Self.question(request)) {
      case .files(let files):
        response.messageResponse = .fileDescriptorResponse(.init(fileDescriptorProto: files))
      case .extensionNumbers(let type):
        response.messageResponse = .allExtensionNumbersResponse(.init(baseTypeName: type))
      case .services(let names):
        response.messageResponse = .listServicesResponse(
          .init(service: names.map { .init(name: $0) }))
      case .failure(let code, let message):
        response.messageResponse = .errorResponse(
          .init(errorCode: Int32(code.rawValue), errorMessage: message))
      }
      try await responses.write(response)
    }
  }

  private static func question(_ request: API.ServerReflectionRequest) -> ReflectionQuestion {
    switch request.messageRequest {
    case .fileByFilename(let name): .fileNamed(name)
    case .fileContainingSymbol(let symbol): .fileWithSymbol(symbol)
    case .fileContainingExtension(let query): .fileWithExtension(query.containingType)
    case .allExtensionNumbersOfType(let type): .extensionNumbers(type)
    case .listServices: .listServices
    case nil: .nothing
    }
  }
}
