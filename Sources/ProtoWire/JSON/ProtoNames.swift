// Names and their numbers, as generated code lists them: one literal per message or enum, since
// hundreds of small declarations cost the compiler seconds and the program kilobytes.

/// Finds the number of a field or enum value by name.
@usableFromInline package struct ProtoNames: Sendable {
  private let numbers: [String: Int32]

  /// Takes `number NUL name NUL number NUL name …`. Of equal names the first one counts; traps on
  /// anything that protogen does not write.
  package init(_ list: String) {
    var numbers: [String: Int32] = [:]
    var number: Int32?
    for part in list.utf8.split(separator: 0, omittingEmptySubsequences: false) {
      if let known = number {
        let name = String(Substring(part))
        if numbers[name] == nil { numbers[name] = known }
        number = nil
      } else {
        number = Int32(Substring(part))
        precondition(number != nil || list.isEmpty, "protogen wrote a name without a number")
      }
    }
    self.numbers = numbers
  }

  /// The number behind a name, nil for a name that is not listed.
  package subscript(name: String) -> Int32? { numbers[name] }
}
