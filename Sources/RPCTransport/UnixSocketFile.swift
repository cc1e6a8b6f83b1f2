// The file of a listening Unix socket: made with care for one that is there already, and removed
// by whoever made it.

import CLinux
import Glibc
import Reactor

/// A socket file of this process.
struct UnixSocketFile: Sendable {
  private let path: String
  /// Tells our file from one that another process has put in its place since.
  private let device: dev_t
  private let inode: ino_t

  /// Makes the file and a socket that listens on it, for whoever the permissions let in.
  ///
  /// A socket on which nobody listens is replaced: a process that was killed leaves it behind.
  /// Throws EADDRINUSE when somebody does, EEXIST when the path is something else.
  static func listen(
    _ path: String, permissions: mode_t
  ) throws(SystemError) -> (fd: Int32, file: UnixSocketFile) {
    guard let address = SocketAddress(unixPath: path) else {
      throw SystemError(call: "bind", code: ENAMETOOLONG)
    }
    try removeStale(path, address)
    let fd = try Socket.bound(address)
    do throws(SystemError) {
      var status = stat()
      // Nobody can connect before it listens, so nobody meets other permissions.
      guard chmod(path, permissions) == 0, lstat(path, &status) == 0 else { throw .last("chmod") }
      guard Glibc.listen(fd, Limits.backlog) == 0 else { throw .last("listen") }
      return (fd, UnixSocketFile(path: path, device: status.st_dev, inode: status.st_ino))
    } catch {
      close(fd)
      unlink(path)
      throw error
    }
  }

  private static func removeStale(
    _ path: String, _ address: SocketAddress
  ) throws(SystemError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemError(call: "bind", code: EEXIST)
    }
    do throws(SystemError) {
      close(try Socket.connect(address))
    } catch {
      guard error.code == ECONNREFUSED else { throw SystemError(call: "bind", code: EADDRINUSE) }
      unlink(path)
      return
    }
    throw SystemError(call: "bind", code: EADDRINUSE)
  }

  /// Removes the file if it is still ours.
  func remove() {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
    unlink(path)
  }
}
