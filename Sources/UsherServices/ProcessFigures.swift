// What the system says of this process, read from /proc.

import Glibc

/// Descriptors and memory of the process.
struct ProcessFigures {
  /// Open descriptors; 0 where /proc is not to be had.
  let descriptorCount: Int
  /// Resident memory in bytes; 0 where /proc is not to be had.
  let residentBytes: Int

  static func now() -> ProcessFigures {
    ProcessFigures(descriptorCount: countDescriptors(), residentBytes: readResidentBytes())
  }

  private static func countDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // The folder itself, and the entries for itself and its parent.
    return max(0, count - 3)
  }

  private static func readResidentBytes() -> Int {
    let fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return 0 }
    defer { close(fd) }
    var text = [UInt8](repeating: 0, count: 256)
    let count = read(fd, &text, text.count)
    let fields = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
