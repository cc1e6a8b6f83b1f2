// Passwords: hashes that differ, checks that do not tell more than they must, and a line with an end.

import Synchronization
import Testing

@testable import Secrets

@Suite(.timeLimit(.minutes(2))) struct PasswordTests {
  @Test func aHashIsArgon2idWithItsCostsAndASaltOfItsOwn() async throws {
    let hasher = PasswordHasher()
    let first = try await hasher.hash("correct horse")
    let second = try await hasher.hash("correct horse")
    #expect(first.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$") && first != second)
    #expect(try await hasher.verify("correct horse", first))
    #expect(try await hasher.verify("correct horse", second))
    #expect(try await !hasher.verify("correct horsE", first))
    #expect(try await !hasher.verify("", first))
  }

  @Test func nobodysPasswordIsNeverRight() async throws {
    let hasher = PasswordHasher()
    for guess in ["nobody's", "", "x"] { #expect(try await !hasher.verify(guess, nil)) }
  }

  @Test func whatIsNoHashIsAnErrorAndNoPassword() async {
    for damaged in ["", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"] {
      await #expect(throws: SecretsError.self) {
        try await PasswordHasher().verify("x", damaged)
      }
    }
  }

  /// One hash under way and two in line: whoever comes then is turned away, and nobody is forgotten.
  @Test func aFloodIsTurnedAwayAndTheLineServed() async throws {
    let hasher = PasswordHasher(threads: 1, waitingLimit: 2)
    let outcomes = await withTaskGroup(of: Bool?.self) { group in
      for index in 0..<20 {
        group.addTask {
          do throws(SecretsError) {
            _ = try await hasher.hash("password \(index)")
            return true
          } catch {
            return error == .busy ? false : nil
          }
        }
      }
      return await group.reduce(into: [Bool?]()) { $0.append($1) }
    }
    #expect(outcomes.count == 20 && !outcomes.contains(nil))
    #expect(outcomes.filter { $0 == true }.count >= 2)
    #expect(outcomes.contains(false), "20 at once fit into a line of two")
    _ = try await hasher.hash("the line is open again")
  }
}
