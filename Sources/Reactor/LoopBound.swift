// A value that may travel anywhere but be touched on its loop only.

/// Carries loop-confined state through `Sendable` code; access off the loop is our bug and traps.
@usableFromInline
package struct LoopBound<Value>: @unchecked Sendable {
  // SAFETY: every access checks that it runs on the loop's thread, so the value never sees two
  // threads; the wrapper's copies share nothing else.
  @usableFromInline let stored: Value
  /// The loop that owns the value.
  @usableFromInline package let loop: EventLoop

  /// Binds a value to a loop; the caller must hand over its only reference from off the loop.
  @inlinable
  package init(_ value: Value, loop: EventLoop) {
    self.stored = value
    self.loop = loop
  }

  /// The value. Loop only.
  @inlinable
  package var value: Value {
    precondition(loop.isInside, "loop-bound value touched off its loop")
    return stored
  }
}

/// An object that lives on one loop and says which.
@usableFromInline
package protocol LoopConfined: AnyObject {
  /// The loop; never changes, so any thread may ask.
  var loop: EventLoop { get }
}

/// `LoopBound` for objects that know their loop themselves: half the references to count.
@usableFromInline
package struct LoopRef<Object: LoopConfined>: @unchecked Sendable {
  // SAFETY: as in `LoopBound`; the object's loop is immutable.
  @usableFromInline let stored: Object

  @inlinable
  package init(_ object: Object) { stored = object }

  /// The loop that owns the object.
  @inlinable
  package var loop: EventLoop { stored.loop }

  /// The object. Loop only.
  @inlinable
  package var value: Object {
    precondition(stored.loop.isInside, "loop-bound object touched off its loop")
    return stored
  }
}
