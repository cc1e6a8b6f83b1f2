// libFuzzer's entry to the targets of FuzzSchema. Built only by Tests/Fuzz/run.

import Foundation
import FuzzSchema

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  SchemaFuzz.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
