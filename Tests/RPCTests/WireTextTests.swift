// The small text formats of the RPC floor: timeouts, percent-encoding, base64, status codes.

import Bytes
import RPC
import Testing

@Suite struct WireTextTests {
  @Test(arguments: [
    ("1n", Duration.nanoseconds(1)), ("250m", .milliseconds(250)),
    ("99999999u", .microseconds(99_999_999)),
    ("5S", .seconds(5)), ("2M", .seconds(120)), ("1H", .seconds(3_600)),
    ("99999999H", .seconds(99_999_999 * 3_600)), ("0S", .zero),
  ])
  func timeoutsAreRead(text: String, expected: Duration) {
    #expect(Timeout.parse(text) == expected)
  }

  @Test(arguments: ["", "5", "S", "-1S", "+1S", "1 S", "1s", "123456789S", "1.5S", "１S", "5Sx"])
  func malformedTimeoutsAreRefused(text: String) {
    #expect(Timeout.parse(text) == nil)
  }

  @Test(arguments: [
    (Duration.nanoseconds(5), "5n"), (.zero, "1n"), (.seconds(-3), "1n"),
    (.milliseconds(250), "250000u"), (.seconds(3_600), "3600000m"),
    (.seconds(1_000_000), "1000000S"),
  ])
  func timeoutsAreWritten(duration: Duration, expected: String) {
    #expect(Timeout.format(duration) == expected)
  }

  @Test(arguments: [
    ("plain", "plain"), ("100 %", "100 %25"), ("a\nb", "a%0Ab"), ("é", "%C3%A9"), ("", ""),
  ])
  func messagesArePercentEncoded(text: String, encoded: String) {
    #expect(PercentEncoding.encode(text) == encoded)
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test(arguments: ["%", "%4", "%zz", "a%"])
  func brokenEscapesStay(text: String) {
    #expect(PercentEncoding.decode(text) == text)
  }

  @Test func base64RoundTripsPaddedAndUnpadded() {
    for count in 0..<20 {
      let bytes = (0..<count).map { UInt8($0 &* 37 & 255) }
      #expect(Base64.decode(Base64.encode(bytes, padded: true).utf8) == bytes)
      #expect(Base64.decode(Base64.encode(bytes, padded: false).utf8) == bytes)
    }
  }

  @Test(arguments: ["A", "AAAAA", "A=", "=", "AA=A", "!!!!", "AAA==", "AA=="])
  func base64IsStrict(text: String) {
    #expect((Base64.decode(text.utf8) != nil) == (text == "AA=="))
  }

  @Test func metadataRefusesWhatCannotTravel() {
    var metadata = Metadata()
    metadata.append("Upper", "x")
    #expect(metadata.isEmpty)
    metadata.append("", "x")
    #expect(metadata.isEmpty)
    metadata.append("name", "line\nbreak")
    #expect(metadata.isEmpty)
    metadata.append("name", binary: [1])
    #expect(metadata.isEmpty)
    metadata.append("name-bin", binary: [1])
    metadata.append("name", "first")
    metadata.append("name", "last")
    #expect(metadata["name"] == "last")
    #expect(metadata.values("name") == ["first", "last"])
    #expect(metadata.binaryValues("name-bin") == [[1]])
  }

  @Test func statusCodesFromTheWire() {
    #expect(StatusCode(wire: "9") == .failedPrecondition)
    #expect(StatusCode(wire: "17") == .unknown)
    #expect(StatusCode(wire: "x") == .unknown)
    #expect(StatusCode(httpStatus: 503) == .unavailable)
    #expect(StatusCode(httpStatus: 404) == .unimplemented)
  }
}
