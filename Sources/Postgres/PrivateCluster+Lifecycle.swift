// Making, starting and stopping the private cluster: every step bounded, every failure with the
// end of the server's own log.

internal import Glibc
internal import Reactor
internal import Synchronization

extension PrivateCluster {
  /// Makes the cluster if the folder has none, and starts it; returns when it accepts connections.
  /// A server left over from a process that died is stopped first.
  package func start() async throws(PostgresError) {
    guard !isRunning else { return }
    try Folder.make(settings.folder)
    try lock()
    do {
      try await checkAccess()
      try await stopLeftover()
      try await makeIfMissing()
      try makeSocketFolder()
      rotateLog()
      try await launch()
    } catch {
      unlock()
      throw error
    }
  }

  /// Stops the cluster; a server that does not stop in time is killed. A no-op when not running.
  package func stop(_ mode: StopMode = .fast) async {
    await end(mode)
    unlock()
  }

  /// Stops and starts on the same folder.
  package func restart(_ mode: StopMode = .fast) async throws(PostgresError) {
    await stop(mode)
    try await start()
  }

  /// Asks for an immediate stop without waiting: for the exit of a test process.
  package func abandon() {
    state.withLock { $0.child?.signal(SIGQUIT) }
  }

  /// Lets go of the folder and leaves the server running, as if this process had died: for tests
  /// of what the next owner does.
  package func disown() { unlock() }

  private func end(_ mode: StopMode) async {
    guard let child = state.withLock({ $0.child }) else { return }
    for signal in mode == .fast ? [SIGINT, SIGQUIT, SIGKILL] : [SIGQUIT, SIGKILL] {
      child.signal(signal)
      if await child.exits(within: Limits.clusterStop, on: loop) { break }
    }
    state.withLock { $0.child = nil }
  }

  // MARK: The folder

  /// One owner at a time. The corresponding C function is `flock`.
  private func lock() throws(PostgresError) {
    // Still held when the server died by itself.
    guard state.withLock({ $0.lockFD < 0 }) else { return }
    let path = "\(settings.folder)/lock"
    let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw failure("cannot open \(path)") }
    guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
      close(fd)
      throw PostgresError(.cluster, "another process uses \(settings.folder)")
    }
    state.withLock { $0.lockFD = fd }
  }

  private func unlock() {
    state.withLock { state in
      guard state.lockFD >= 0 else { return }
      // Closing alone is not enough: a child that is just being started, whoever starts it, has
      // the descriptor too until it runs its program.
      flock(state.lockFD, LOCK_UN)
      close(state.lockFD)
      state.lockFD = -1
    }
  }

  /// Root's own folders are usually closed to the account that PostgreSQL runs as.
  private func checkAccess() async throws(PostgresError) {
    guard let account else { return }
    let test = command("/usr/bin/test", ["-x", settings.folder], outputPath: logPath)
    guard try await ChildProcess.run(test) == 0 else {
      throw PostgresError(.cluster, "user \(account.name) cannot enter \(settings.folder)")
    }
  }

  private func makeIfMissing() async throws(PostgresError) {
    if let version = Folder.tail(of: "\(dataFolder)/PG_VERSION", byteCount: 16) {
      return try await checkVersion(version)
    }
    // Made beside and renamed when complete: an interrupted initdb leaves nothing half-made.
    let unfinished = "\(dataFolder).new"
    try await run("/bin/rm", ["-rf", unfinished, dataFolder])
    try Folder.make(unfinished, mode: 0o700)
    try giveAway(unfinished)
    var arguments = [
      "-D", unfinished, "-U", Self.user, "-A", "trust", "--encoding=UTF8", "--locale=C.UTF-8",
      "--data-checksums", "--no-instructions",
    ]
    if !settings.syncsOnInit { arguments.append("--no-sync") }
    try await run("\(binFolder)/initdb", arguments)
    guard rename(unfinished, dataFolder) == 0 else { throw failure("cannot rename \(unfinished)") }
  }

  /// A data folder serves one major version.
  private func checkVersion(_ text: String) async throws(PostgresError) {
    let made = text.filter { !$0.isWhitespace }
    let report = "\(settings.folder)/version"
    unlink(report)
    try await run("\(binFolder)/postgres", ["--version"], outputPath: report)
    let words = Folder.tail(of: report, byteCount: 200)?.split(separator: " ") ?? []
    unlink(report)
    let isSame = words.contains { $0 == made || $0.hasPrefix("\(made).") }
    guard isSame else {
      throw PostgresError(.cluster, "\(dataFolder) was made by PostgreSQL \(made)")
    }
  }

  private func makeSocketFolder() throws(PostgresError) {
    guard socketFolder != dataFolder else { return }
    try Folder.make(socketFolder, mode: 0o700)
    try giveAway(socketFolder)
    // Its name can be guessed: somebody else may have made it first.
    var status = stat()
    guard lstat(socketFolder, &status) == 0, status.st_uid == account?.userID ?? geteuid(),
      status.st_mode & 0o170777 == 0o040700
    else { throw PostgresError(.cluster, "\(socketFolder) belongs to somebody else") }
  }

  private func giveAway(_ path: String) throws(PostgresError) {
    guard let account else { return }
    guard lchown(path, account.userID, account.groupID) == 0 else {
      throw failure("cannot give \(path) to \(account.name)")
    }
  }

  private func rotateLog() {
    var status = stat()
    guard stat(logPath, &status) == 0, status.st_size > Limits.clusterLogBytes else { return }
    rename(logPath, "\(logPath).1")
  }

  // MARK: The server process

  private func launch() async throws(PostgresError) {
    let deadline = loop.now + Limits.clusterStart
    while true {
      let child = try await ChildProcess.start(
        command("\(binFolder)/postgres", serverArguments, outputPath: logPath))
      state.withLock { $0.child = child }
      if try await accepts(child, until: deadline) { return }
      // After the postmaster alone was killed, its backends take a moment to notice and to let
      // go of the shared memory; until then a new one refuses to start.
      let log = Folder.tail(of: logPath, byteCount: Limits.quotedLogBytes) ?? ""
      guard log.contains("pre-existing shared memory block"), loop.now < deadline else {
        throw PostgresError(.cluster, "PostgreSQL did not start", serverMessage: log)
      }
      await loop.pause(.milliseconds(100))
    }
  }

  /// False when the server process ended instead.
  private func accepts(
    _ child: ChildProcess, until deadline: LoopInstant
  ) async throws(PostgresError) -> Bool {
    while child.exitCode == nil {
      if let connection = try? await connect() {
        await connection.close()
        return true
      }
      guard loop.now < deadline else {
        await end(.immediate)
        let log = Folder.tail(of: logPath, byteCount: Limits.quotedLogBytes)
        throw PostgresError(.cluster, "PostgreSQL is not ready in time", serverMessage: log)
      }
      await loop.pause(.milliseconds(20))
    }
    return false
  }

  private var serverArguments: [String] {
    let defaults = [
      "listen_addresses": "", "port": port, "unix_socket_directories": socketFolder,
      "unix_socket_permissions": "0700", "wal_level": "logical", "max_replication_slots": "16",
      "max_wal_senders": "16", "max_connections": "200", "fsync": "on",
      "synchronous_commit": "on", "logging_collector": "off", "log_destination": "stderr",
      // Statements may hold personal data; the log is for the server's own troubles.
      "log_min_error_statement": "panic", "log_statement": "none",
    ]
    let all = defaults.merging(settings.parameters) { _, given in given }
    return ["-D", dataFolder]
      + all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
  }

  // MARK: Leftovers

  /// Stops the postmaster of an earlier owner that died; adopting it would leave a server that
  /// does not end with us.
  private func stopLeftover() async throws(PostgresError) {
    let path = "\(dataFolder)/postmaster.pid"
    guard let text = Folder.tail(of: path, byteCount: 4096) else { return }
    guard let processID = text.split(separator: "\n").first.flatMap({ pid_t($0) }),
      processID > 1, isPostmaster(processID)
    else {
      // Nobody's, or the id of an unrelated process by now, which PostgreSQL itself cannot tell.
      unlink(path)
      return
    }
    for signal in [SIGINT, SIGQUIT, SIGKILL] {
      kill(processID, signal)
      let deadline = loop.now + Limits.clusterStop
      while isPostmaster(processID), loop.now < deadline { await loop.pause(.milliseconds(20)) }
      if !isPostmaster(processID) { return }
    }
    throw PostgresError(.cluster, "a server from before does not stop (process \(processID))")
  }

  /// A postmaster's working folder is its data folder.
  private func isPostmaster(_ processID: pid_t) -> Bool {
    guard let folder = realpath(dataFolder, nil) else { return false }
    defer { free(folder) }
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/\(processID)/cwd", &target, target.count - 1)
    return count > 0 && strcmp(target, folder) == 0
  }

  // MARK: Programs

  /// Runs a program to its end as the cluster's account; its output goes to the log.
  private func run(
    _ path: String, _ arguments: [String], outputPath: String? = nil
  ) async throws(PostgresError) {
    let output = outputPath ?? logPath
    let code = try await ChildProcess.run(command(path, arguments, outputPath: output))
    guard code == 0 else {
      let name = path.split(separator: "/").last ?? ""
      throw PostgresError(
        .cluster, "\(name) failed with code \(code)",
        serverMessage: Folder.tail(of: output, byteCount: Limits.quotedLogBytes))
    }
  }

  /// `setpriv` drops root's rights and asks the kernel to end the program, by a fast shutdown, when
  /// the thread that started it ends. Without it (and without root) the program outlives a parent
  /// that is killed, and the next start stops it.
  private func command(
    _ path: String, _ arguments: [String], outputPath: String
  ) -> ChildProcess.Command {
    let drop = account.map {
      ["--reuid=\($0.userID)", "--regid=\($0.groupID)", "--clear-groups"]
    }
    let environment = ["PATH=\(binFolder):/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]
    let setpriv = "/usr/bin/setpriv"
    guard drop != nil || access(setpriv, X_OK) == 0 else {
      return .init(
        path: path, arguments: arguments, environment: environment, outputPath: outputPath)
    }
    return .init(
      path: setpriv, arguments: (drop ?? []) + ["--pdeathsig=INT", "--", path] + arguments,
      environment: environment, outputPath: outputPath)
  }

  private func failure(_ what: String) -> PostgresError {
    PostgresError(.cluster, "\(what): \(String(cString: strerror(errno)))")
  }
}
