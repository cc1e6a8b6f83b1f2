// What becomes of OpenSSL when a process ends while its loops go on.

import COpenSSL
import Glibc
import TLS
import Testing

@Suite struct ExitTests {
  /// Its cleanup would run on the thread that exits, beside loops that still use it. What it would
  /// do first is tell whoever asked to be told.
  @Test func opensslIsNotTakenDownAtExit() async {
    await #expect(processExitsWith: .exitCode(0)) {
      _ = try TLSContext(trustedCertificateFile: nil)
      #expect(OPENSSL_atexit { _exit(3) } == 1)
      exit(0)
    }
  }
}
