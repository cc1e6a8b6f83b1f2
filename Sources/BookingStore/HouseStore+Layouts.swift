// Layouts: versions that are only ever added to. An import is judged on the newest version under the
// auditorium's lock, and touches no show: each keeps the version that it was made with.

package import Booking
import Postgres

extension HouseStore {
  /// What became of a wish to import a layout.
  package enum LayoutImportOutcome: Sendable {
    /// It was done, or would be.
    case done(LayoutImport)
    /// The newest version is this one, not the one expected.
    case changed(Int32)
    /// No seat number is left for a new label.
    case numbersUsedUp
    /// The auditorium has had too many new versions lately.
    case tooMany
  }

  /// Makes the next version of the layout of an auditorium that there is. The seats' numbers are not
  /// looked at: each label has the number it had last, a new one a number of its own. `isDryRun` only
  /// tells. What changes nothing makes no version.
  package func importLayout(
    _ plan: SeatLayout, auditoriumID: Int64, expectedVersion: Int32?, isDryRun: Bool,
    by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> LayoutImportOutcome {
    do throws(PostgresError) {
      return try await database.inTransaction {
        (transaction) async throws(PostgresError) -> LayoutImportOutcome in
        _ = try await transaction.query(
          Statements.lockAuditorium, [.int8(auditoriumID)], timeout: timeout)
        let room = try await Room(
          transaction.query(
            Statements.getImportState, [.int8(auditoriumID), .int4(StoreLimits.layoutDays)],
            timeout: timeout
          ).onlyRow())
        if let expectedVersion, expectedVersion != room.version { return .changed(room.version) }
        guard let layout = plan.renumbered(room.numbers) else { return .numbersUsedUp }
        let present = try await Self.layout(transaction, auditoriumID, room.version, timeout)
        let difference = LayoutDifference(from: present, to: layout)
        guard difference.isEmpty || room.recent < StoreLimits.layoutsInDays else { return .tooMany }
        let version = room.version + (difference.isEmpty ? 0 : 1)
        if !difference.isEmpty, !isDryRun {
          _ = try await transaction.query(
            Statements.addLayout,
            actor.values + [.int8(auditoriumID), .int4(version)] + layout.values,
            timeout: timeout)
        }
        return .done(
          LayoutImport(
            version: version, difference: difference,
            showsKeepingEarlier: difference.isEmpty ? 0 : room.showsToCome))
      }
    } catch {
      throw StoreError(error)
    }
  }

  /// What get_import_state.sql tells.
  private struct Room: Sendable {
    let version: Int32
    let recent: Int64
    let showsToCome: Int32
    let numbers: [String: Int32]

    init(_ row: PostgresRow) throws(PostgresError) {
      version = try row.decode(0)
      recent = try row.decode(1)
      showsToCome = try row.decode(2)
      let labels: [String] = try row.decode(3)
      numbers = Dictionary(zip(labels, try row.decode(4, as: [Int32].self))) { $1 }
    }
  }

  private static func layout(
    _ transaction: any Database, _ auditoriumID: Int64, _ version: Int32, _ timeout: Duration?
  ) async throws(PostgresError) -> SeatLayout? {
    guard version > 0 else { return nil }
    return try await SeatLayout(
      transaction.query(
        Statements.getLayout, [.int8(auditoriumID), .int4(version)], timeout: timeout
      ).onlyRow())
  }

  /// A version of a layout (0: the newest), with its number; nil when there is none.
  package func layout(
    auditoriumID: Int64, version: Int32, timeout: Duration? = nil
  ) async throws(StoreError) -> (version: Int32, layout: SeatLayout)? {
    let found = try await database.ask(
      Statements.findLayoutVersion, [.int8(auditoriumID), .int4(version)], timeout: timeout)
    guard let row = found.firstRow else { return nil }
    let number: Int32 = try reading { () throws(PostgresError) in try row.decode(0) }
    let layout = try await CatalogStore(database).layout(
      auditoriumID: auditoriumID, version: number, timeout: timeout)
    return (number, layout)
  }

  /// Versions of an auditorium's layout, newest first.
  package func layoutVersions(
    auditoriumID: Int64, pageSize: Int, pageToken: String, timeout: Duration? = nil
  ) async throws(StoreError) -> Page<LayoutVersionRecord> {
    var filter = RequestHash(command: "layout_versions")
    filter.add(auditoriumID)
    return try await database.page(
      Statements.listLayoutVersions, filter, [.int8(auditoriumID)], pageSize, pageToken, timeout,
      key: { ("", Int64($0.version)) }, LayoutVersionRecord.init)
  }
}

extension SeatLayout {
  /// Parameters of add_layout.sql from the grid on.
  fileprivate var values: [PostgresValue] {
    [
      .int4(columns), .int4(lines), .int4(focalPoint.xHundredths), .int4(focalPoint.yHundredths),
      .array(seats.map(\.number)), .array(seats.map(\.label)), .array(seats.map(\.row)),
      .array(seats.map(\.x)), .array(seats.map(\.y)), .array(seats.map(\.tier)),
      .array(seats.map(\.attributes.rawValue)),
    ]
  }
}
