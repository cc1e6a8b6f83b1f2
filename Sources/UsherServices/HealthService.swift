// grpc.health.v1: whether the server, or one of its services, can be used.

package import RPC
import Synchronization
package import UsherProtos

/// What is known of the health of the server and its services. Any thread.
package final class HealthBoard: Sendable {
  private struct State {
    var services: Set<String>
    var isServing: Bool
    var generation = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state: Mutex<State>

  package init(services: [String], isServing: Bool) {
    state = Mutex(State(services: Set(services).union([""]), isServing: isServing))
  }

  /// Full names of the services that can be asked about; the empty name is the whole server.
  package var services: Set<String> { state.withLock(\.services) }

  /// Names the services, before anybody asks.
  package func serve(_ services: Set<String>) {
    state.withLock { $0.services = services.union([""]) }
  }

  /// Changes the health of everything and tells the watchers.
  package func set(isServing: Bool) {
    let waiters = state.withLock { state in
      guard state.isServing != isServing else { return [CheckedContinuation<Void, Never>]() }
      state.isServing = isServing
      state.generation += 1
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  var current: (isServing: Bool, generation: Int) {
    state.withLock { ($0.isServing, $0.generation) }
  }

  /// Waits until the health is newer than a generation, or the task is cancelled.
  func change(after generation: Int) async {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if Task.isCancelled || state.generation > generation { return true }
          state.waiters[number] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}

package struct HealthService: Grpc.Health.V1.HealthServer {
  private let board: HealthBoard

  package init(_ board: HealthBoard) { self.board = board }

  private func status(of service: String) -> Grpc.Health.V1.HealthCheckResponse.ServingStatus {
    guard board.services.contains(service) else { return .serviceUnknown }
    return board.current.isServing ? .serving : .notServing
  }

  /// Makes `router`, which has the service, answer checks without a task.
  package func answerAtOnce(in router: inout Router) {
    router.answerAtOnce(Grpc.Health.V1.HealthMethods.check) { (request, _) throws(RPCError) in
      .answer(try check(request))
    }
  }

  package func check(
    _ request: Grpc.Health.V1.HealthCheckRequest, context: ServerContext
  ) async throws(RPCError) -> Grpc.Health.V1.HealthCheckResponse {
    try check(request)
  }

  private func check(
    _ request: Grpc.Health.V1.HealthCheckRequest
  ) throws(RPCError) -> Grpc.Health.V1.HealthCheckResponse {
    guard board.services.contains(request.service) else {
      throw RPCError(.notFound, "unknown service")
    }
    return .init(status: status(of: request.service))
  }

  package func watch(
    _ request: Grpc.Health.V1.HealthCheckRequest,
    responses: ResponseWriter<Grpc.Health.V1.HealthCheckResponse>, context: ServerContext
  ) async throws(RPCError) {
    while true {
      let generation = board.current.generation
      try await responses.write(.init(status: status(of: request.service)))
      await board.change(after: generation)
    }
  }

  package func list(
    _ request: Grpc.Health.V1.HealthListRequest, context: ServerContext
  ) async throws(RPCError) -> Grpc.Health.V1.HealthListResponse {
    var response = Grpc.Health.V1.HealthListResponse()
    for service in board.services {
      response.statuses[service] = .init(status: status(of: service))
    }
    return response
  }
}
