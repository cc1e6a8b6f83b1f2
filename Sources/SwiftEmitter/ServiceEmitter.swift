// A service as Swift: its method descriptors, the protocol a server implements, the stub a client
// calls, and the registration of a server with a router. It knows module RPC by name only.

import ProtoSchema

/// Emits one service.
struct ServiceEmitter {
  private let service: Service
  private let names: NameTable
  /// The Swift namespace that the declarations go to, such as `Usher.V1.`; empty or ending in a dot.
  private let prefix: String
  private let methodNames: [String]

  init(_ service: Service, namespace: String, names: NameTable) {
    self.service = service
    self.names = names
    prefix = namespace.isEmpty ? "" : names.reference(namespace) + "."
    methodNames = SwiftName.unique(
      service.methods.map { SwiftName.lowerCamel($0.name) }, taken: ["all", "transport"]
    ).map(SwiftName.declared)
  }

  private var methods: [(name: String, method: Method)] {
    Array(zip(methodNames, service.methods)).map { (name: $0.0, method: $0.1) }
  }

  /// Adds what belongs into the package's namespace.
  func emit(into text: inout SourceText) {
    emitDescriptors(into: &text)
    text.line()
    emitServer(into: &text)
    text.line()
    emitClient(into: &text)
  }

  private func emitDescriptors(into text: inout SourceText) {
    text.documentation(["The methods of `\(service.fullName)`."])
    text.block("package enum \(service.name)Methods") { text in
      for (name, method) in methods {
        let hasSideEffects = method.idempotency != .noSideEffects
        text.documentation(["`\(method.name)`"])
        text.line("package static let \(name) = RPC.MethodDescriptor(")
        text.line("  service: \"\(service.fullName)\", method: \"\(method.name)\",")
        text.line("  kind: .\(method.kind.rawValue), sideEffects: \(hasSideEffects))")
      }
      let list = methodNames.joined(separator: ", ")
      text.documentation(["All methods, in order of declaration."])
      text.line("package static let all: [RPC.MethodDescriptor] = [\(list)]")
    }
  }

  private func emitServer(into text: inout SourceText) {
    let comment = service.comment.lines.isEmpty ? [service.fullName] : service.comment.lines
    text.documentation(comment + service.options.deprecationLines)
    text.block("package protocol \(service.name)Server: Swift.Sendable") { text in
      for (name, method) in methods {
        text.documentation(documentation(method))
        text.line("func \(name)(")
        text.line("  \(serverParameters(method))")
        text.line(") async throws(RPC.RPCError)\(serverResult(method))")
      }
    }
  }

  private func serverParameters(_ method: Method) -> String {
    let (input, output) = types(method)
    let request =
      method.clientStreaming ? "_ requests: RPC.RequestReader<\(input)>" : "_ request: \(input)"
    let responses = method.serverStreaming ? ", responses: RPC.ResponseWriter<\(output)>" : ""
    return "\(request)\(responses), context: RPC.ServerContext"
  }

  private func serverResult(_ method: Method) -> String {
    method.serverStreaming ? "" : " -> \(names.type(method.output))"
  }

  private func emitClient(into text: inout SourceText) {
    text.documentation(["Calls `\(service.fullName)`."])
    text.block("package struct \(service.name)Client: Swift.Sendable") { text in
      text.line("private let transport: any RPC.ClientTransport")
      text.line()
      text.documentation(["A stub whose calls go through `transport`."])
      text.block("package init(_ transport: any RPC.ClientTransport)") { text in
        text.line("self.transport = transport")
      }
      for (name, method) in methods {
        text.line()
        emitCall(name, method, into: &text)
      }
    }
  }

  private func emitCall(_ name: String, _ method: Method, into text: inout SourceText) {
    let (input, output) = types(method)
    text.documentation(documentation(method))
    text.line("package func \(name)(")
    let request = method.clientStreaming ? "" : "_ request: \(input), "
    text.line("  \(request)options: RPC.CallOptions = RPC.CallOptions()")
    let argument = method.clientStreaming ? "" : "request, "
    let (result, call) =
      switch method.kind {
      case .unary: (output, "unary")
      case .serverStreaming: ("RPC.ResponseReader<\(output)>", "serverStreaming")
      case .clientStreaming, .bidirectional:
        ("RPC.ClientStream<\(input), \(output)>", "openStream")
      }
    text.block(") async throws(RPC.RPCError) -> \(result)") { text in
      text.line("try await self.transport.\(call)(")
      text.line("  \(prefix)\(service.name)Methods.\(name), \(argument)options)")
    }
  }

  /// Adds the registration, which extends a type of module RPC and so stands outside the namespace.
  func emitRegistration(into text: inout SourceText) {
    text.block("extension RPC.Router") { text in
      text.documentation(["Routes the calls of `\(service.fullName)` to `service`."])
      text.block(
        "package mutating func register(_ service: some \(prefix)\(service.name)Server)"
      ) { text in
        for (name, method) in methods { emitRoute(name, method, into: &text) }
      }
    }
  }

  private func emitRoute(_ name: String, _ method: Method, into text: inout SourceText) {
    let (input, output) = types(method)
    let responses = method.serverStreaming ? "responses: RPC.ResponseWriter<\(output)>, " : ""
    let request =
      method.clientStreaming ? "requests: RPC.RequestReader<\(input)>" : "request: \(input)"
    let argument = method.clientStreaming ? "requests" : "request"
    let responsesArgument = method.serverStreaming ? ", responses: responses" : ""
    text.block(
      "self.\(method.kind.rawValue)(\(prefix)\(service.name)Methods.\(name))"
    ) { text in
      text.line("(\(request), \(responses)context: RPC.ServerContext)")
      let result = method.serverStreaming ? "Swift.Void" : output
      text.line("  async throws(RPC.RPCError) -> \(result) in")
      text.line("try await service.\(name)(\(argument)\(responsesArgument), context: context)")
    }
  }

  private func types(_ method: Method) -> (input: String, output: String) {
    (names.type(method.input), names.type(method.output))
  }

  private func documentation(_ method: Method) -> [String] {
    (method.comment.lines.isEmpty ? ["`\(method.name)`"] : method.comment.lines)
      + method.options.deprecationLines
  }
}

extension Method {
  /// The raw value is the name of the case of `RPC.MethodDescriptor.Kind` and of the function of
  /// `RPC.Router`.
  fileprivate enum Kind: String {
    case unary, clientStreaming, serverStreaming, bidirectional
  }

  fileprivate var kind: Kind {
    switch (clientStreaming, serverStreaming) {
    case (false, false): .unary
    case (true, false): .clientStreaming
    case (false, true): .serverStreaming
    case (true, true): .bidirectional
    }
  }
}
