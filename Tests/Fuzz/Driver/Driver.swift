// libFuzzer's entry to the targets. Built only by Tests/Fuzz/run.

import Foundation
import FuzzTargets

private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["USHER_FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("USHER_FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Called by libFuzzer for each new input: frames are changed as frames, the rest as bytes.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: CUnsignedInt
) -> Int {
  guard let headByteCount = target.frameHeadByteCount else {
    return mutateBytes(bytes, count, limit)
  }
  var mutator = FrameMutator(
    Array(UnsafeBufferPointer(start: bytes, count: count)), headByteCount: headByteCount,
    answers: target == .client, seed: seed)
  let output = mutator.mutated().prefix(limit)
  for (index, byte) in output.enumerated() { bytes[index] = byte }
  return output.count
}

extension FuzzTarget {
  /// Bytes before the first frame; nil where input is no frames.
  fileprivate var frameHeadByteCount: Int? {
    switch self {
    case .session: 1
    case .connection, .client: 0
    default: nil
    }
  }
}

/// SwiftPM makes this the program's `main` in place of libFuzzer's own.
@_cdecl("fuzz_main")
public func fuzzMain(
  _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  var argumentCount = argumentCount
  var arguments = arguments
  return runFuzzer(&argumentCount, &arguments) { testOneInput($0, $1) }
}

/// The corresponding C function is `LLVMFuzzerRunDriver`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The corresponding C function is `LLVMFuzzerMutate`: changes bytes in place, returns their number.
@_silgen_name("LLVMFuzzerMutate")
func mutateBytes(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int
