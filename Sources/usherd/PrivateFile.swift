// Files with secrets: their owner's alone from the first byte on, and whole or not there.

import Foundation

enum PrivateFile {
  /// Writes a draft beside the file and renames it. Throws in words for the operator.
  static func write(_ contents: Data, to path: String) throws(StartError) {
    let draft = "\(path).\(ProcessInfo.processInfo.processIdentifier)"
    unlink(draft)
    // The corresponding C function is open: what Foundation makes has its mode only afterwards.
    let fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard fd >= 0 else { throw StartError(description: "cannot write \(path)") }
    let handle = FileHandle(fileDescriptor: fd, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: contents)
      try handle.synchronize()
      try handle.close()
    } catch {
      unlink(draft)
      throw StartError(description: "cannot write \(path)")
    }
    guard rename(draft, path) == 0 else {
      unlink(draft)
      throw StartError(description: "cannot write \(path)")
    }
  }
}
