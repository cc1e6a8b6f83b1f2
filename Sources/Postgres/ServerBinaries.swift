// Finds PostgreSQL's programs and the account they may run under. Starts nothing but pg_config.

internal import Glibc

/// The folder that holds `initdb` and `postgres`.
enum ServerBinaries {
  /// An explicit folder, else `pg_config --bindir`, else the newest of Debian's, else PATH.
  static func find(explicit: String?) throws(PostgresError) -> String {
    let candidates =
      explicit.map { [$0] }
      ?? [configuredFolder()].compactMap { $0 } + debianFolders() + searchPath()
    guard let folder = candidates.first(where: isComplete) else {
      throw PostgresError(.cluster, "no PostgreSQL server programs found (initdb, postgres)")
    }
    return folder
  }

  private static func isComplete(_ folder: String) -> Bool {
    ["initdb", "postgres"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
  }

  private static func configuredFolder() -> String? {
    guard let pipe = popen("pg_config --bindir 2>/dev/null", "r") else { return nil }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: Int(PATH_MAX))
    guard fgets(&line, Int32(line.count), pipe) != nil else { return nil }
    let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func debianFolders() -> [String] {
    let root = "/usr/lib/postgresql"
    let versions = Folder.entries(of: root).compactMap { Int($0) }.sorted(by: >)
    return versions.map { "\(root)/\($0)/bin" }
  }

  private static func searchPath() -> [String] {
    guard let path = getenv("PATH") else { return [] }
    return String(cString: path).split(separator: ":").map(String.init)
  }
}

/// A user of the system.
struct Account: Sendable {
  let name: String
  let userID: uid_t
  let groupID: gid_t

  /// Whom the cluster runs as: the caller, unless that is root, which PostgreSQL refuses.
  static func forCluster(preferred: String) throws(PostgresError) -> Account? {
    guard geteuid() == 0 else { return nil }
    guard let account = named(preferred) ?? named("nobody") else {
      throw PostgresError(.cluster, "no unprivileged account to run PostgreSQL as")
    }
    return account
  }

  /// The corresponding C function is `getpwnam_r`.
  static func named(_ name: String) -> Account? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil,
      entry.pw_uid != 0
    else { return nil }
    return Account(name: name, userID: entry.pw_uid, groupID: entry.pw_gid)
  }
}

/// The few file operations the cluster needs.
enum Folder {
  /// Names in a folder, without the two dots; empty when it cannot be read.
  static func entries(of path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        // SAFETY: readdir terminates d_name with a zero byte inside its 256 bytes.
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Makes a folder and its missing parents. The corresponding C function is `mkdir`.
  static func make(_ path: String, mode: mode_t = 0o755) throws(PostgresError) {
    guard mkdir(path, mode) != 0, errno != EEXIST else { return }
    let code = errno
    if code == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      try make(String(path[..<slash]))
      if mkdir(path, mode) == 0 { return }
    }
    throw PostgresError(.cluster, "cannot make folder \(path): \(String(cString: strerror(code)))")
  }

  /// A file's last bytes as text; nil when it cannot be read.
  static func tail(of path: String, byteCount: Int) -> String? {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    let size = lseek(fd, 0, Int32(SEEK_END))
    lseek(fd, max(0, size - off_t(byteCount)), Int32(SEEK_SET))
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let count = read(fd, &bytes, byteCount)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
