// Child processes of the private cluster: started without inheriting anything, awaited by a thread
// of their own, signalled without ever hitting a reused process id. Knows nothing of PostgreSQL.

internal import CLinux
internal import Glibc
internal import Reactor
internal import Synchronization

/// A running or finished child process.
final class ChildProcess: Sendable {
  struct Command: Sendable {
    /// Absolute path of the program.
    var path: String
    /// Without the program's own name.
    var arguments: [String]
    /// The whole environment, `NAME=value`.
    var environment: [String]
    /// Receives standard output and error, appended.
    var outputPath: String
  }

  /// How a child ended: its exit code, or 128 and the signal.
  typealias ExitCode = Int32

  private struct State {
    var exitCode: ExitCode?
    var observers: [@Sendable (ExitCode) -> Void] = []
  }

  let processID: pid_t
  private let state = Mutex(State())

  private init(_ processID: pid_t) { self.processID = processID }

  /// Starts a child. Its thread lives as long as the child: a parent-death signal is bound to the
  /// thread that started it, and a loop or a borrowed thread may end before the process does.
  static func start(_ command: Command) async throws(PostgresError) -> ChildProcess {
    let started: Result<ChildProcess, PostgresError> = await withCheckedContinuation {
      continuation in
      let hasThread = OSThread.start {
        switch spawn(command) {
        case .failure(let error):
          continuation.resume(returning: .failure(PostgresError(.cluster, error.description)))
        case .success(let processID):
          let child = ChildProcess(processID)
          continuation.resume(returning: .success(child))
          child.awaitExit()
        }
      }
      if !hasThread {
        continuation.resume(returning: .failure(PostgresError(.system, "no thread to be had")))
      }
    }
    return try started.get()
  }

  /// Runs a child to its end.
  static func run(_ command: Command) async throws(PostgresError) -> ExitCode {
    let child = try await start(command)
    return await withCheckedContinuation { continuation in
      child.whenExited { continuation.resume(returning: $0) }
    }
  }

  /// The exit code, once the child has ended.
  var exitCode: ExitCode? { state.withLock { $0.exitCode } }

  /// Calls once, on any thread, when the child has ended; at once if it has already.
  func whenExited(_ observer: @escaping @Sendable (ExitCode) -> Void) {
    let exitCode = state.withLock { state in
      if state.exitCode == nil { state.observers.append(observer) }
      return state.exitCode
    }
    if let exitCode { observer(exitCode) }
  }

  /// Whether the child ends within a time.
  func exits(within limit: Duration, on loop: EventLoop) async -> Bool {
    let deadline = loop.now + limit
    while exitCode == nil, loop.now < deadline { await loop.pause(.milliseconds(10)) }
    return exitCode != nil
  }

  /// Sends a signal unless the child has ended. The corresponding C function is `kill`.
  func signal(_ number: Int32) {
    state.withLock { state in
      // Reaped only under this lock: while it is held, the id is the child's.
      if state.exitCode == nil { _ = kill(processID, number) }
    }
  }

  private func awaitExit() {
    var info = siginfo_t()
    while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let (exitCode, observers) = state.withLock { state in
      var status: Int32 = 0
      waitpid(processID, &status, 0)
      let signal = status & 0x7f
      let exitCode = signal == 0 ? (status >> 8) & 0xff : 128 + signal
      defer { state = State(exitCode: exitCode) }
      return (exitCode, state.observers)
    }
    for observer in observers { observer(exitCode) }
  }

  // MARK: Spawning

  private static func spawn(_ command: Command) -> Result<pid_t, SystemError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let output = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 1, command.outputPath, output, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    posix_spawn_file_actions_addchdir_np(&actions, "/")
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignals(&attributes)
    var processID: pid_t = 0
    let code = withCStrings([command.path] + command.arguments) { arguments in
      withCStrings(command.environment) { environment in
        posix_spawn(&processID, command.path, &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { return .failure(SystemError(call: "posix_spawn", code: code)) }
    return .success(processID)
  }

  /// Default dispositions, nothing blocked, and a process group of its own: a Ctrl-C at the terminal
  /// is for the parent, which stops its children in order.
  private static func setSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

extension EventLoop {
  /// Suspends the caller for a while, on this loop's timers.
  func pause(_ duration: Duration) async {
    await run {
      await withCheckedContinuation { continuation in
        self.schedule(after: duration) { continuation.resume() }
      }
    }
  }
}
