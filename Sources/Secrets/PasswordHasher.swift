// Passwords hashed off the loops, few at a time and behind everything else: a flood of log-ins waits
// in line or is turned away, and seats are sold beside it.

import DequeModule
import Glibc
import Reactor
import Synchronization

/// Hashes and checks passwords on threads of its own. One per process.
package final class PasswordHasher: Sendable {
  /// What somebody waits for: done, or refused with an error.
  private struct Job: Sendable {
    let run: @Sendable () -> Void
    let refuse: @Sendable (SecretsError) -> Void
  }

  private struct Line {
    var waiting: Deque<Job> = []
    var threadCount = 0
  }

  private let line = Mutex(Line())
  private let threadLimit: Int
  private let waitingLimit: Int
  /// What is checked in place of the hash of somebody unknown.
  private let decoy = Mutex<String?>(nil)

  /// Each hash takes 19 MiB, so `threads` bounds memory as well as time.
  package init(threads: Int = 1) {
    threadLimit = threads
    waitingLimit = Limits.waitingPasswords
  }

  /// For tests: a line of another length.
  init(threads: Int, waitingLimit: Int) {
    threadLimit = threads
    self.waitingLimit = waitingLimit
  }

  /// The hash to keep of a password. Throws `.busy` when too many wait.
  package func hash(_ password: String) async throws(SecretsError) -> String {
    let bytes = Array(password.utf8)
    return try await run { () throws(SecretsError) in try PasswordHash.make(bytes) }
  }

  /// Whether a password is the one of a hash. Without a hash false, after as much work: who asks
  /// cannot tell whether there was one. Throws `.busy` when too many wait.
  package func verify(_ password: String, _ hash: String?) async throws(SecretsError) -> Bool {
    let bytes = Array(password.utf8)
    return try await run { () throws(SecretsError) in
      guard let hash else {
        _ = try PasswordHash.verify(bytes, try self.decoyHash())
        return false
      }
      return try PasswordHash.verify(bytes, hash)
    }
  }

  private func decoyHash() throws(SecretsError) -> String {
    if let known = decoy.withLock({ $0 }) { return known }
    let made = try PasswordHash.make(Array("nobody's".utf8))
    decoy.withLock { $0 = made }
    return made
  }

  // MARK: The line

  private func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(SecretsError) -> Value
  ) async throws(SecretsError) -> Value {
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Value, SecretsError>, Never>) in
      add(
        Job {
          do throws(SecretsError) {
            continuation.resume(returning: .success(try body()))
          } catch {
            continuation.resume(returning: .failure(error))
          }
        } refuse: {
          continuation.resume(returning: .failure($0))
        })
    }
    return try result.get()
  }

  /// Puts a job in line and sees to it that somebody does it; or refuses it.
  private func add(_ job: Job) {
    let needsThread: Bool? = line.withLock { line in
      guard line.waiting.count < waitingLimit else { return nil }
      line.waiting.append(job)
      guard line.threadCount < threadLimit else { return false }
      line.threadCount += 1
      return true
    }
    guard let needsThread else { return job.refuse(.busy) }
    guard needsThread, !OSThread.start({ self.work() }) else { return }
    let abandoned = line.withLock { line in
      line.threadCount -= 1
      // Another thread does what waits, now or next.
      guard line.threadCount == 0 else { return Deque<Job>() }
      defer { line.waiting.removeAll() }
      return line.waiting
    }
    for job in abandoned { job.refuse(.system("no thread")) }
  }

  /// A thread's life: until nobody waits. It ends then; starting one costs nothing beside a hash.
  private func work() {
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Limits.hashingNiceness)
    while let job = next() { job.run() }
  }

  private func next() -> Job? {
    line.withLock { line in
      if let job = line.waiting.popFirst() { return job }
      line.threadCount -= 1
      return nil
    }
  }
}
