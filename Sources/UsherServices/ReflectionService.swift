// Server reflection from the compiled schema, as v1 and as v1alpha.

package import RPC
package import UsherProtos

/// Answers from the compiled schema.
package struct ReflectionService: Grpc.Reflection.V1.ServerReflectionServer {
  private typealias Question = Grpc.Reflection.V1.ServerReflectionRequest.MessageRequest
  private typealias Answer = Grpc.Reflection.V1.ServerReflectionResponse.MessageResponse

  private let index = DescriptorIndex(ProtoDescriptors.files)
  private let services: [String]

  /// `services` are the full names of the services the server offers.
  package init(services: some Sequence<String>) { self.services = services.sorted() }

  package func serverReflectionInfo(
    _ requests: RequestReader<Grpc.Reflection.V1.ServerReflectionRequest>,
    responses: ResponseWriter<Grpc.Reflection.V1.ServerReflectionResponse>, context: ServerContext
  ) async throws(RPCError) {
    while let request = try await requests.next() {
      try await responses.write(
        .init(
          validHost: request.host, originalRequest: request,
          messageResponse: answer(request.messageRequest)))
    }
  }

  private func answer(_ question: Question?) -> Answer {
    switch question {
    case .fileByFilename(let name): files(index.withDependencies(fileNamed: name))
    case .fileContainingSymbol(let symbol): files(index.withDependencies(fileWithSymbol: symbol))
    // proto3 without custom options has no extensions to tell of.
    case .fileContainingExtension: failure(.notFound, "no such extension")
    case .allExtensionNumbersOfType(let type):
      index.messages.contains(type)
        ? .allExtensionNumbersResponse(.init(baseTypeName: type))
        : failure(.notFound, "no such type")
    case .listServices: .listServicesResponse(.init(service: services.map { .init(name: $0) }))
    case nil: failure(.invalidArgument, "the request asks nothing")
    }
  }

  private func files(_ files: [[UInt8]]?) -> Answer {
    files.map { .fileDescriptorResponse(.init(fileDescriptorProto: $0)) }
      ?? failure(.notFound, "no such file or symbol")
  }

  private func failure(_ code: StatusCode, _ message: String) -> Answer {
    .errorResponse(.init(errorCode: Int32(code.rawValue), errorMessage: message))
  }
}

extension Router {
  /// Serves reflection under both of its names, about every service of the router and itself. The
  /// versions differ in their package alone: v1's messages have v1alpha's bytes.
  package mutating func registerReflection() {
    let alpha = Grpc.Reflection.V1alpha.ServerReflectionMethods.serverReflectionInfo
    let current = Grpc.Reflection.V1.ServerReflectionMethods.serverReflectionInfo
    let service = ReflectionService(
      services: Set(methods.map(\.service)).union([alpha.service, current.service]))
    register(service)
    bidirectional(alpha) { requests, responses, context async throws(RPCError) in
      try await service.serverReflectionInfo(requests, responses: responses, context: context)
    }
  }
}
