// What the schema says of one method.

/// A method of a service, as generated from the schema. An object, because every call carries it.
package final class MethodDescriptor: Sendable, Hashable {
  /// Which sides stream.
  package enum Kind: Sendable {
    case unary
    case clientStreaming
    case serverStreaming
    case bidirectional
  }

  /// Full name of the service, for example `usher.v1.BookingService`.
  package let service: String
  /// Name of the method, for example `HoldSeats`.
  package let method: String
  package let kind: Kind
  /// False when the schema declares the method free of side effects: safe to retry and to cache.
  package let sideEffects: Bool
  /// The `:path` of its requests, for example `/usher.v1.BookingService/HoldSeats`.
  package let path: String

  package init(service: String, method: String, kind: Kind, sideEffects: Bool) {
    self.service = service
    self.method = method
    self.kind = kind
    self.sideEffects = sideEffects
    self.path = "/\(service)/\(method)"
  }

  package static func == (left: MethodDescriptor, right: MethodDescriptor) -> Bool {
    left === right
      || left.path == right.path && left.kind == right.kind && left.sideEffects == right.sideEffects
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(path) }
}
