// Food and other add-ons, as tables.

import UsherProtos

enum AddOnTables {
  /// What sellers can attach.
  static let addOns: [Column<Usher.V1.AddOn>] = [
    .number("ID", "add_on_id") { $0.addOnId },
    .text("ADD-ON", "title") { $0.title },
    .text("CATEGORY", "category") { $0.category },
    .money("PRICE", "price") { $0.price },
    .data("currency") { $0.price?.currencyCode ?? "" },
    .number("A SEAT", "most_per_seat") { $0.mostPerSeat },
  ]

  /// What a theatre keeps.
  static let managed: [Column<Usher.V1.ManagedAddOn>] =
    addOns.map { $0.of { $0.addOn ?? .init() } } + [
      .time("SINCE", "created_at") { $0.createdAt },
      .word("STATE", "state") { $0.ended ? "ended" : "sold" },
    ]
}
