// How lists come in pages: by key, so that a page costs the same wherever it is.

import Booking
import Postgres

/// The rules of pages.
enum Paging {
  /// Results of a page of which a caller wishes so many.
  static func size(_ wanted: Int) -> Int {
    wanted <= 0 ? StoreLimits.defaultPageSize : min(wanted, StoreLimits.largestPageSize)
  }

  /// Reads one row more than the page holds: its presence is the next page.
  static func page<Item>(
    _ result: PostgresResult, _ size: Int, _ filter: RequestHash,
    key: (Item) -> (String, Int64), _ decode: (PostgresRow) throws(PostgresError) -> Item
  ) throws(StoreError) -> Page<Item> {
    let items = try reading { () throws(PostgresError) in
      var items: [Item] = []
      for row in result.rows.prefix(size) { items.append(try decode(row)) }
      return items
    }
    guard result.rowCount > size, let last = items.last else {
      return Page(items: items, nextPageToken: "")
    }
    let (text, id) = key(last)
    return Page(
      items: items, nextPageToken: PageToken(key: text, id: id).text(boundTo: filter))
  }
}

extension Database {
  /// A page of a list whose statement takes its filters, then key, id and limit. Throws
  /// `.invalidPageToken` for a token of another list.
  func page<Item>(
    _ statement: PostgresStatement, _ filter: RequestHash, _ parameters: [PostgresValue],
    _ pageSize: Int, _ pageToken: String, _ timeout: Duration?,
    key: (Item) -> (String, Int64), _ decode: (PostgresRow) throws(PostgresError) -> Item
  ) async throws(StoreError) -> Page<Item> {
    let token = try PageToken(pageToken, boundTo: filter)
    let size = Paging.size(pageSize)
    let position: [PostgresValue] = [.text(token.key), .int8(token.id), .int8(Int64(size) + 1)]
    let result = try await token.judging { () async throws(StoreError) in
      try await ask(statement, parameters + position, timeout: timeout)
    }
    return try Paging.page(result, size, filter, key: key, decode)
  }
}
