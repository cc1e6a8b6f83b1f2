// Health and reflection, called through a router.

import RPC
import Reactor
import Testing
import UsherProtos
import UsherServices

@Suite struct CommonServiceTests {
  private typealias Health = Grpc.Health.V1
  private typealias Mirror = Grpc.Reflection.V1

  @Test func healthIsCheckedWatchedAndListed() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let board = HealthBoard(services: ["a.B"], isServing: true)
      var router = Router()
      router.register(HealthService(board))
      let unknown = try #require(
        LocalCall(
          router, Health.HealthMethods.check, on: loop,
          requests: [Health.HealthCheckRequest(service: "x.Y")]))
      #expect(await unknown.sink.ending() == .notFound)

      let watch = try #require(
        LocalCall(
          router, Health.HealthMethods.watch, on: loop,
          requests: [Health.HealthCheckRequest(service: "a.B")]))
      for (index, isServing) in [true, false, true].enumerated() {
        board.set(isServing: isServing)
        board.set(isServing: isServing)
        let answer = try await watch.sink.message(index, Health.HealthCheckResponse.self)
        #expect(answer?.status == (isServing ? .serving : .notServing))
      }
      #expect(watch.sink.messages.count == 3, "the same health is told once")

      let list = try #require(
        LocalCall(
          router, Health.HealthMethods.list, on: loop, requests: [Health.HealthListRequest()]))
      let all = try await list.sink.message(0, Health.HealthListResponse.self)
      #expect(all.map { Set($0.statuses.keys) } == ["", "a.B"])
    }
    loop.stop()
  }

  /// The handler of a watch that is reset must end, whenever the reset comes.
  @Test func aResetEndsAWatch() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      let board = HealthBoard(services: [], isServing: true)
      var router = Router()
      router.register(HealthService(board))
      for waits in [true, false] {
        weak var left: ServerStream?
        do {
          let call = try #require(
            LocalCall(
              router, Health.HealthMethods.watch, on: loop,
              requests: [Health.HealthCheckRequest()], ends: waits))
          left = call.stream
          if waits { _ = try await call.sink.message(0, Health.HealthCheckResponse.self) }
          call.stream.receiveReset()
        }
        // Each turn lets the jobs run that the reset has made ready.
        for _ in 0..<20 where left != nil { await Task.yield() }
        #expect(left == nil, "the handler keeps its stream for ever")
      }
    }
    loop.stop()
  }

  @Test func reflectionAnswersForEveryFileWithAllItNeeds() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      var router = Router()
      router.register(ReflectionService(services: ["b.B", "a.A"]))
      let names = ProtoDescriptors.files.map(\.name)
      let requests = names.map {
        Mirror.ServerReflectionRequest(messageRequest: .fileByFilename($0))
      }
      let call = try #require(
        LocalCall(
          router, Mirror.ServerReflectionMethods.serverReflectionInfo, on: loop,
          requests: requests))
      for (index, file) in ProtoDescriptors.files.enumerated() {
        let answer = try await call.sink.message(index, Mirror.ServerReflectionResponse.self)
        guard case .fileDescriptorResponse(let files) = answer?.messageResponse else {
          Issue.record("no answer for \(file.name)")
          continue
        }
        #expect(files.fileDescriptorProto.first == file.bytes)
        #expect(answer?.originalRequest == requests[index])
      }
      #expect(await call.sink.ending() == .ok)
    }
    loop.stop()
  }

  @Test func reflectionListsServicesFindsSymbolsAndSaysNo() async throws {
    let loop = try EventLoop(name: "test")
    try await loop.run { () async throws in
      var router = Router()
      router.register(ReflectionService(services: ["b.B", "a.A"]))
      let questions: [Mirror.ServerReflectionRequest.MessageRequest?] = [
        .listServices(""), .fileContainingSymbol("usher.v1.BookingService.HoldSeats"),
        .fileContainingSymbol("usher.v1.Nothing"), .allExtensionNumbersOfType("usher.v1.Seat"),
        nil,
      ]
      let call = try #require(
        LocalCall(
          router, Mirror.ServerReflectionMethods.serverReflectionInfo, on: loop,
          requests: questions.map { Mirror.ServerReflectionRequest(messageRequest: $0) }))
      var kinds: [String] = []
      for index in questions.indices {
        let answer = try await call.sink.message(index, Mirror.ServerReflectionResponse.self)
        switch answer?.messageResponse {
        case .listServicesResponse(let list):
          kinds.append(list.service.map(\.name).joined(separator: " "))
        case .fileDescriptorResponse: kinds.append("file")
        case .allExtensionNumbersResponse(let numbers): kinds.append(numbers.baseTypeName)
        case .errorResponse(let error): kinds.append("error \(error.errorCode)")
        case nil: kinds.append("nothing")
        }
      }
      #expect(kinds == ["a.A b.B", "file", "error 5", "usher.v1.Seat", "error 3"])
    }
    loop.stop()
  }
}
