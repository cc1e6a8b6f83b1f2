// The built-in types of PostgreSQL that this floor speaks in binary, by their object ids
// (pg_type.dat). Knows no values.

/// A type by its object id.
package struct PostgresType: RawRepresentable, Sendable, Hashable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let bool = PostgresType(rawValue: 16)
  package static let bytea = PostgresType(rawValue: 17)
  package static let name = PostgresType(rawValue: 19)
  package static let int8 = PostgresType(rawValue: 20)
  package static let int2 = PostgresType(rawValue: 21)
  package static let int4 = PostgresType(rawValue: 23)
  package static let text = PostgresType(rawValue: 25)
  package static let json = PostgresType(rawValue: 114)
  package static let float8 = PostgresType(rawValue: 701)
  package static let unknown = PostgresType(rawValue: 705)
  package static let bpchar = PostgresType(rawValue: 1042)
  package static let varchar = PostgresType(rawValue: 1043)
  package static let date = PostgresType(rawValue: 1082)
  package static let timestamptz = PostgresType(rawValue: 1184)
  package static let uuid = PostgresType(rawValue: 2950)
  package static let jsonb = PostgresType(rawValue: 3802)

  /// The one-dimensional array type over this element type, nil where this floor has none.
  package var array: PostgresType? {
    Self.arrays[self]
  }

  /// Text on the wire: the string types, and whatever a migration defined (enums, citext, domains
  /// arrive as their base type).
  var isTextual: Bool {
    switch self {
    case .text, .varchar, .bpchar, .name, .json, .unknown: true
    default: rawValue >= Self.firstUserDefined
    }
  }

  /// Object ids below belong to PostgreSQL itself (`FirstNormalObjectId`).
  private static let firstUserDefined: UInt32 = 16_384

  private static let arrays: [PostgresType: PostgresType] = [
    .bool: PostgresType(rawValue: 1000), .bytea: PostgresType(rawValue: 1001),
    .int2: PostgresType(rawValue: 1005), .int4: PostgresType(rawValue: 1007),
    .text: PostgresType(rawValue: 1009), .int8: PostgresType(rawValue: 1016),
    .float8: PostgresType(rawValue: 1022), .date: PostgresType(rawValue: 1182),
    .timestamptz: PostgresType(rawValue: 1185), .uuid: PostgresType(rawValue: 2951),
    .json: PostgresType(rawValue: 199), .jsonb: PostgresType(rawValue: 3807),
  ]
}
