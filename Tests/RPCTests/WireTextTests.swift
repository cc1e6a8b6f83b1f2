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

  @Test(arguments: [
    (String(repeating: "a", count: 2_048), 2_048), (String(repeating: "a", count: 2_049), 2_048),
    (String(repeating: "é", count: 341), 2_046), (String(repeating: "é", count: 342), 2_046),
    ("a" + String(repeating: "座", count: 228), 2_044), (String(repeating: "%", count: 700), 2_046),
  ])
  func longMessagesEndBetweenCharacters(text: String, byteCount: Int) {
    let encoded = PercentEncoding.encode(text)
    #expect(encoded.utf8.count == byteCount)
    let decoded = PercentEncoding.decode(encoded)
    #expect(text.hasPrefix(decoded) && !decoded.isEmpty)
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

  /// The vectors of RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("~~~\u{7f}?>", "fn5+fz8+"),
  ])
  func base64IsAsPublished(text: String, encoded: String) {
    #expect(Base64.encode(Array(text.utf8), padded: true) == encoded)
    let digits = encoded.prefix { $0 != "=" }
    #expect(Base64.encode(Array(text.utf8), padded: false) == digits)
  }

  @Test(arguments: ["A", "AAAAA", "A=", "=", "AA=A", "!!!!", "AAA==", "AA=="])
  func base64IsStrict(text: String) {
    #expect((Base64.decode(text.utf8) != nil) == (text == "AA=="))
  }

  /// A status with a code, a message and two details, of which the first is the longer.
  private static let status: [UInt8] = [8, 9, 0x12, 1, 7, 0x1a, 3, 1, 2, 3, 0x1a, 1, 4]

  @Test(arguments: [
    (13, status), (12, [8, 9, 0x12, 1, 7, 0x1a, 3, 1, 2, 3]),
    (9, [8, 9, 0x12, 1, 7, 0x1a, 1, 4]), (5, [8, 9, 0x12, 1, 7]), (4, [8, 9]), (1, []),
  ])
  func fieldsAreKeptThatFit(limit: Int, kept: [UInt8]) {
    #expect(WireFields.fitting(Self.status, limit: limit) == kept)
  }

  @Test func whatIsNoMessageIsKeptWholeOrNotAtAll() {
    #expect(WireFields.fitting([0xff, 1], limit: 2) == [0xff, 1])
    #expect(WireFields.fitting([8, 1, 0xff], limit: 2) == [])
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
