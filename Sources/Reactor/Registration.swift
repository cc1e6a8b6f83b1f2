// File descriptors registered with a loop's epoll. The registration does not own the descriptor:
// whoever opened it closes it, after `cancel()`.

import CLinux

/// What a descriptor waits for, or has become.
package struct Interest: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Readable, or end of stream (`EPOLLIN`).
  package static let read = Interest(rawValue: 1)
  /// Writable (`EPOLLOUT`).
  package static let write = Interest(rawValue: 2)
  /// Both directions gone, or an error is pending (`EPOLLHUP`, `EPOLLERR`); always reported.
  package static let hangup = Interest(rawValue: 4)

  var epollEvents: UInt32 {
    (contains(.read) ? EPOLLIN.rawValue : 0) | (contains(.write) ? EPOLLOUT.rawValue : 0)
  }

  init(epollEvents: UInt32) {
    var interest: Interest = []
    if epollEvents & EPOLLIN.rawValue != 0 { interest.insert(.read) }
    if epollEvents & EPOLLOUT.rawValue != 0 { interest.insert(.write) }
    if epollEvents & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { interest.insert(.hangup) }
    self = interest
  }
}

/// One descriptor's place in a loop's epoll set. Confined to its loop; level-triggered.
package final class Registration {
  let fd: Int32
  let slot: Int
  let generation: UInt32
  private(set) var interest: Interest
  private(set) var onReady: ((Interest) -> Void)?
  private unowned let registry: Registry

  init(
    fd: Int32, slot: Int, generation: UInt32, interest: Interest, registry: Registry,
    onReady: @escaping (Interest) -> Void
  ) {
    self.fd = fd
    self.slot = slot
    self.generation = generation
    self.interest = interest
    self.registry = registry
    self.onReady = onReady
  }

  /// Changes what is waited for; a no-op when nothing changes or after `cancel()`.
  package func update(_ interest: Interest) {
    guard onReady != nil, interest != self.interest else { return }
    self.interest = interest
    registry.modify(self)
  }

  /// Leaves the epoll set. Pending events of this batch are dropped; calling twice is harmless.
  package func cancel() {
    guard onReady != nil else { return }
    onReady = nil
    registry.remove(self)
  }
}

/// The epoll set of one loop. A slot's generation distinguishes a reused descriptor from the one
/// that a stale event was meant for.
final class Registry {
  private let epollFD: Int32
  private var slots: [Registration?] = []
  private var freeSlots: [Int] = []
  private var nextGeneration: UInt32 = 1

  init(epollFD: Int32) { self.epollFD = epollFD }

  var count: Int { slots.count - freeSlots.count }

  func add(
    _ fd: Int32, _ interest: Interest, _ onReady: @escaping (Interest) -> Void
  ) throws(SystemError) -> Registration {
    let slot = freeSlots.popLast() ?? slots.count
    let registration = Registration(
      fd: fd, slot: slot, generation: nextGeneration, interest: interest, registry: self,
      onReady: onReady)
    nextGeneration &+= 1
    guard control(EPOLL_CTL_ADD, registration) == 0 else {
      let error = SystemError.last("epoll_ctl")
      if slot < slots.count { freeSlots.append(slot) }
      throw error
    }
    if slot == slots.count { slots.append(registration) } else { slots[slot] = registration }
    return registration
  }

  func modify(_ registration: Registration) {
    _ = control(EPOLL_CTL_MOD, registration)
  }

  func remove(_ registration: Registration) {
    _ = control(EPOLL_CTL_DEL, registration)
    slots[registration.slot] = nil
    freeSlots.append(registration.slot)
  }

  func dispatch(_ event: epoll_event) {
    let slot = Int(event.data.u64 & 0xffff_ffff)
    let generation = UInt32(truncatingIfNeeded: event.data.u64 >> 32)
    guard slot < slots.count, let registration = slots[slot],
      registration.generation == generation
    else { return }
    registration.onReady?(Interest(epollEvents: event.events))
  }

  private func control(_ operation: Int32, _ registration: Registration) -> Int32 {
    var event = epoll_event()
    event.events = registration.interest.epollEvents
    event.data.u64 = UInt64(registration.generation) << 32 | UInt64(registration.slot)
    return epoll_ctl(epollFD, operation, registration.fd, &event)
  }
}
