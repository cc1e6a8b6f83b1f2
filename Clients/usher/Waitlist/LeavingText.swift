// What a party that leaves the line is told, whatever had become of it before.

enum LeavingText {
  /// `booking` is what it was offered, empty for nothing. The server tells neither what became of that, nor
  /// whether the party still waited.
  static func words(_ show: Int64, _ booking: String) -> String {
    booking.isEmpty
      ? "no longer in the line for show \(show)" : "seats had been offered as booking \(booking)"
  }

  /// The command that tells what became of the offer; nil where there was none.
  static func next(_ booking: String, flags: String) -> String? {
    booking.isEmpty ? nil : "usher booking \(Shell.quote(booking))\(flags)"
  }
}
