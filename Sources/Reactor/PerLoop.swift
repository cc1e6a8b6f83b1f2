// One value per loop, so that code shared by all loops finds the part that belongs to its own.

/// Values of which each loop has its own.
package struct PerLoop<Value>: Sendable {
  private let values: [ObjectIdentifier: LoopBound<Value>]
  /// The loops, in the order given.
  package let loops: [EventLoop]

  /// Makes a value for each loop. `make` may run off the loops.
  package init(_ loops: [EventLoop], make: (EventLoop) throws -> Value) rethrows {
    self.loops = loops
    var values: [ObjectIdentifier: LoopBound<Value>] = [:]
    for loop in loops { values[ObjectIdentifier(loop)] = LoopBound(try make(loop), loop: loop) }
    self.values = values
  }

  /// The value of a loop. Called on that loop; a loop that was not named at the start is our bug.
  package subscript(loop: EventLoop) -> Value {
    guard let bound = values[ObjectIdentifier(loop)] else {
      preconditionFailure("a loop without its value")
    }
    return bound.value
  }

  /// Runs a body on every loop with its value, without waiting for it.
  package func onEach(_ body: @escaping @Sendable (Value) -> Void) {
    for bound in values.values { bound.loop.execute { body(bound.value) } }
  }
}
