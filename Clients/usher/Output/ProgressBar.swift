// A bar that fills on a terminal while a file is worked off.

struct ProgressBar {
  private let isWanted: Bool
  private var isShown = false

  /// On a terminal, and only for people.
  init(_ output: Output) {
    isWanted = output.presentation.output == .table && Console.canRewrite(2)
  }

  /// Draws it anew: so much is done, if that is known, and what there is to say beside it.
  mutating func show(_ fraction: Double?, _ text: String) {
    guard isWanted else { return }
    let width = 30
    let filled = Int((fraction ?? 0) * Double(width))
    let bar =
      String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    Console.error("\r[\(bar)] \(text)")
    isShown = true
  }

  /// Takes it away.
  mutating func clear() {
    guard isShown else { return }
    Console.error("\r\u{1b}[K")
    isShown = false
  }
}
