// One letter per state of a seat. The letter says everything; colour only repeats the price tier.

import UsherProtos

enum SeatGlyph: Character, CaseIterable {
  case free = "."
  case held = "o"
  case sold = "#"
  case blocked = "x"
  case wheelchair = "w"
  case companion = "c"
  /// Free for one partner alone until a time, which is the one that asks …
  case yours = "y"
  /// … or another.
  case setAside = "a"
  /// A state that this client does not know.
  case unknown = "?"

  /// `share` is the partner that alone can have the seat, if one does.
  init(_ seat: Usher.V1.Seat, _ share: SetAsideSeats.Share? = nil) {
    switch seat.state {
    case .available where share == .others: self = .setAside
    case .available where share == .yours: self = .yours
    case .available where seat.attributes.contains(.wheelchair): self = .wheelchair
    case .available where seat.attributes.contains(.companion): self = .companion
    case .available: self = .free
    case .held: self = .held
    case .sold: self = .sold
    case .blocked: self = .blocked
    default: self = .unknown
    }
  }

  /// Free, held and sold are always explained; the others where the map has them.
  var isAlwaysExplained: Bool { [.free, .held, .sold].contains(self) }

  var meaning: String {
    switch self {
    case .free: "free"
    case .held: "held"
    case .sold: "sold"
    case .blocked: "blocked"
    case .wheelchair: "wheelchair place, free"
    case .companion: "companion seat, free"
    case .yours: "set aside for you, free"
    case .setAside: "set aside for others"
    case .unknown: "state unknown"
    }
  }

  /// Free and held seats have their tier's colour; what nobody can have is dim.
  func ink(tier: Int?) -> Ink {
    switch self {
    case .free, .wheelchair, .companion, .yours, .held: tier.map { .tier($0) } ?? .plain
    case .sold, .blocked, .setAside, .unknown: .dim
    }
  }
}

extension Usher.V1.SeatState {
  /// `free`, `held`, `sold`, `blocked`.
  var word: String {
    switch self {
    case .available: "free"
    case .held: "held"
    case .sold: "sold"
    case .blocked: "blocked"
    default: "state \(rawValue)"
    }
  }
}
