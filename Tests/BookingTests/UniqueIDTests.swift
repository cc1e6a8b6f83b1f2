// Ids and digests against published values.

import Testing

@testable import Booking

@Suite struct UniqueIDTests {
  @Test func textIsReadBack() throws {
    let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    let id = try #require(UniqueID(text))
    #expect(id.high == 0x017f_22e2_79b0_7cc3)
    #expect(id.low == 0x98c4_dc0c_0c07_398f)
    #expect(id.description == text)
    #expect(UniqueID(text.uppercased()) == id)
    #expect(id.bytes.prefix(3) == [0x01, 0x7f, 0x22] && id.bytes.count == 16)
  }

  @Test(arguments: [
    "", "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
    "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", "017f22e2-79b0-7cc3-98c4-dc0c0c0739é",
  ])
  func anythingElseIsRefused(text: String) {
    #expect(UniqueID(text) == nil)
  }

  @Test(arguments: [0, 1, 17, 63])
  func aBookingIDTellsItsLane(lane: Int) throws {
    let id = BookingID(
      lane: Int16(lane), unixMilliseconds: 0x0123_4567_89AB, random: (.max, .max))
    #expect(id.lane == Int16(lane))
    #expect(id.description.hasPrefix("01234567-89ab-7"))
    #expect(id.value.low >> 62 == 2)
    #expect(BookingID(id.description) == id)
  }

  @Test func otherVersionsAreNoBookingIDs() {
    #expect(BookingID("017f22e2-79b0-4cc3-98c4-dc0c0c07398f") == nil)
    #expect(BookingID("017f22e2-79b0-7cc3-18c4-dc0c0c07398f") == nil)
  }
}

@Suite struct DigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000),
      "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
    ),
  ])
  func publishedDigests(message: String, expected: String) {
    let digits = Array("0123456789abcdef")
    let digest = SHA256.digest(Array(message.utf8))
    #expect(String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) == expected)
  }

  @Test func requestsThatDifferHashDifferently() {
    func hash(_ texts: [String], _ number: Int64, _ last: String) -> [UInt8] {
      var hash = RequestHash(command: "HoldSeats")
      hash.add(number)
      hash.add(texts)
      hash.add(last)
      return hash.digest
    }
    let one = hash(["A1", "A2"], 5, "c")
    #expect(one == hash(["A1", "A2"], 5, "c"))
    #expect(one != hash(["A1A2"], 5, "c"))
    #expect(one != hash(["A2", "A1"], 5, "c"))
    #expect(one != hash(["A1"], 5, "A2c"))
    #expect(one != hash(["A1", "A2"], 6, "c"))
    #expect(RequestHash(command: "ab").digest != RequestHash(command: "a").digest)
  }
}
