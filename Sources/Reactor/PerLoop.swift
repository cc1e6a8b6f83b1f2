// One value per loop, so that code shared by all loops finds the part that belongs to its own.

/// Values of which each loop has its own.
@usableFromInline
package struct PerLoop<Value>: Sendable {
  /// In the order of `loops`. There are as many as cores: looking along them beats hashing.
  @usableFromInline let values: [LoopBound<Value>]
  /// The loops, in the order given.
  @usableFromInline package let loops: [EventLoop]

  /// Makes a value for each loop. `make` may run off the loops.
  package init(_ loops: [EventLoop], make: (EventLoop) throws -> Value) rethrows {
    self.loops = loops
    values = try loops.map { LoopBound(try make($0), loop: $0) }
  }

  /// The value of a loop. Inlined, because every call asks: otherwise it asks for the type's metadata each
  /// time. Called on that loop; a loop that was not named at the start is our bug.
  @inlinable
  package subscript(loop: EventLoop) -> Value {
    for index in loops.indices where loops[index] === loop { return values[index].value }
    preconditionFailure("a loop without its value")
  }

  /// Runs a body on every loop with its value, without waiting for it.
  package func onEach(_ body: @escaping @Sendable (Value) -> Void) {
    for bound in values { bound.loop.execute { body(bound.value) } }
  }
}
