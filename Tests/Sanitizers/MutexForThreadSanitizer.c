// Shows ThreadSanitizer what Swift's Mutex does when two threads want it at once. An uncontended lock
// is an atomic inlined into our code, which the sanitizer sees; the slow paths are futex calls in
// libswiftSynchronization, which is not built with it, so that whatever a waiter guards looked like a
// race. Preloaded by Scripts/test, this steps between and tells it what is true: nothing is hidden.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// ThreadSanitizer's; absent in a child process that is not built with it.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define METHOD __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *mutex

// _MutexHandle._lockSlow(_: UInt32)
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
METHOD void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
METHOD void lock_slow(uint32_t thread, SELF) {
  METHOD void (*original)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
  original(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

// _MutexHandle._unlockSlow()
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
METHOD void unlock_slow(SELF) __asm__(UNLOCK);
METHOD void unlock_slow(SELF) {
  METHOD void (*original)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(mutex);
  original(mutex);
}
