// Food and other add-ons, as tables.

import UsherProtos

enum AddOnTables {
  /// What sellers can attach.
  static func addOns(_ addOns: [Usher.V1.AddOn], _ style: Style) -> Table {
    var table = Table(columns, style)
    for addOn in addOns { table.add(cells(addOn)) }
    return table
  }

  /// What a theatre keeps.
  static func managed(_ addOns: [Usher.V1.ManagedAddOn], _ style: Style) -> Table {
    var table = Table(columns + [.init(title: "SINCE"), .init(title: "STATE")], style)
    for managed in addOns {
      table.add(
        cells(managed.addOn ?? .init()) + [
          OperatorTables.time(managed.createdAt), managed.ended ? "ended" : "sold",
        ])
    }
    return table
  }

  private static let columns: [Table.Column] = [
    .init(title: "ID", toRight: true), .init(title: "ADD-ON", mayShrink: true),
    .init(title: "CATEGORY", mayShrink: true), .init(title: "PRICE", toRight: true),
    .init(title: "A SEAT", toRight: true),
  ]

  private static func cells(_ addOn: Usher.V1.AddOn) -> [String] {
    [
      "\(addOn.addOnId)", addOn.title, addOn.category, addOn.price?.text ?? "",
      "\(addOn.mostPerSeat)",
    ]
  }
}
