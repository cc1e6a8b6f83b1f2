// A show's seats for programs: the map with what is set aside, which the service tells with the show.

import ProtoWire
import UsherProtos

enum SeatsText {
  /// The map's JSON with one member more, `setAside`, where anything is.
  static func json(
    _ map: Usher.V1.GetSeatMapResponse, _ setAside: [Usher.V1.SetAside]
  ) -> [UInt8] {
    let bytes = map.jsonBytes()
    guard !setAside.isEmpty, bytes.last == UInt8(ascii: "}") else { return bytes }
    var writer = ProtoJSONWriter()
    writer.beginArray()
    for one in setAside { one.writeJSON(into: &writer) }
    writer.endArray()
    let comma = bytes.count > 2 ? "," : ""
    return bytes.dropLast() + [UInt8]("\(comma)\"setAside\":".utf8) + writer.bytes + [0x7d]
  }

  /// A row for each seat, with its price and whom it is set aside for.
  static func seats(_ terms: Usher.V1.GetShowResponse) -> [Column<Usher.V1.Seat>] {
    let setAside = SetAsideSeats(terms.setAside)
    let tiers = Dictionary((terms.show?.prices ?? []).map { ($0.tier, $0.price) }) { $1 }
    return [
      .data("seat") { $0.label },
      .data("row") { $0.row },
      .data("x") { "\($0.x)" },
      .data("y") { "\($0.y)" },
      .data("tier") { $0.tier },
      .data("attributes") { attributes($0).joined(separator: ";") },
      .data("state") { $0.state.word },
      .data("set_aside") { setAside[$0]?.rawValue ?? "" },
      .data("price") { (tiers[$0.tier] ?? nil)?.number ?? "" },
      .data("currency") { (tiers[$0.tier] ?? nil)?.currencyCode ?? "" },
    ]
  }

  private static func attributes(_ seat: Usher.V1.Seat) -> [String] {
    seat.attributes.compactMap(\.protoValueName).map {
      $0.replacing("SEAT_ATTRIBUTE_", with: "").lowercased()
    }
  }
}
