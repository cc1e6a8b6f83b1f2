// Indirection for messages that contain themselves. Everything else is stored inline.

/// A value on the heap, with the semantics of the value: generated messages hold a recursive field
/// in it, because a struct cannot contain itself.
package struct ProtoBox<Value: Sendable & Equatable>: Sendable, Equatable {
  private final class Storage: Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
  }

  private let storage: Storage

  package init(_ value: Value) { storage = Storage(value) }

  package var value: Value { storage.value }

  package static func == (left: Self, right: Self) -> Bool {
    left.storage === right.storage || left.value == right.value
  }
}
