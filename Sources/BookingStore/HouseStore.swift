// What partners keep: theatres and auditoriums. Each change is one statement that does it and notes
// it in the audit log. Whose a theatre is must be known before: nothing here asks.

import Booking
import Postgres

/// Theatres and auditoriums.
package struct HouseStore: Sendable {
  let database: any Database

  /// Reads and writes a database.
  package init(_ database: any Database) {
    self.database = database
  }

  // MARK: Theatres

  /// What became of a wish for a theatre, or for another name of one.
  package enum TheatreOutcome: Sendable, Hashable {
    /// This is what it is now.
    case done(OwnTheatreRecord)
    /// The city has one of this name.
    case nameTaken
    /// There is no such city.
    case cityNotFound
    /// There is no such partner.
    case partnerNotFound
    /// There is no such time zone.
    case timeZoneNotKnown
  }

  /// Makes a theatre.
  package func createTheatre(
    _ wish: TheatreWish, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TheatreOutcome {
    let result: PostgresResult
    do throws(StoreError) {
      result = try await database.ask(
        Statements.createTheatre, actor.values + wish.values, timeout: timeout)
    } catch {
      guard error.cause?.kind == .foreignKeyViolation else { throw error }
      return .partnerNotFound
    }
    return try reading { () throws(PostgresError) in
      let row = try result.onlyRow()
      guard try row.decode(0, as: Bool.self) else { return .timeZoneNotKnown }
      guard try row.decode(1, as: Bool.self) else { return .cityNotFound }
      guard try row.decode(2, as: Int64?.self) != nil else { return .nameTaken }
      return .done(try OwnTheatreRecord(row, from: 2))
    }
  }

  /// Changes a theatre that there is.
  package func updateTheatre(
    id: Int64, _ change: TheatreChange, by actor: AuditActor, timeout: Duration? = nil
  ) async throws(StoreError) -> TheatreOutcome {
    let policies = change.policies.values
    let values: [PostgresValue] = [
      .int8(id), .text(change.name), .text(change.address), .text(change.postalCode),
      .float8(change.latitude), .float8(change.longitude),
    ]
    do throws(StoreError) {
      _ = try await database.ask(
        Statements.updateTheatre, actor.values + values + policies, timeout: timeout)
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      return .nameTaken
    }
    guard let theatre = try await theatre(id: id, timeout: timeout) else {
      throw StoreError(.fault)
    }
    return .done(theatre)
  }

  /// A theatre; nil when there is none.
  package func theatre(
    id: Int64, timeout: Duration? = nil
  ) async throws(StoreError) -> OwnTheatreRecord? {
    let result = try await database.ask(Statements.getOwnTheatre, [.int8(id)], timeout: timeout)
    return try reading { () throws(PostgresError) in
      try result.firstRow.map { (row) throws(PostgresError) in try OwnTheatreRecord(row) }
    }
  }

  /// Theatres of a partner (nil: of all), of these (nil: all of them), by name.
  package func theatres(
    ofPartner partnerID: Int64?, among theatreIDs: [Int64]?, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<OwnTheatreRecord> {
    var filter = RequestHash(command: "own_theatres")
    filter.add(partnerID ?? -1)
    return try await database.page(
      Statements.listOwnTheatres, filter, [.int8(partnerID), PostgresValue(theatreIDs)], pageSize,
      pageToken, timeout, key: { ($0.name, $0.id) },
      { (row) throws(PostgresError) in try OwnTheatreRecord(row) })
  }

  /// Closes a theatre, or of it one auditorium alone (nil: all of it). Returns how many shows are in the way:
  /// those to come, and those of which seats are held; 0 when it is done.
  package func close(
    theatre id: Int64, auditorium auditoriumID: Int64? = nil, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Int64 {
    let result = try await database.ask(
      Statements.closeHouse, actor.values + [.int8(id), .int8(auditoriumID)], timeout: timeout)
    return try reading { () throws(PostgresError) in try result.onlyRow().decode(0) }
  }

  // MARK: Auditoriums

  /// The theatre of an auditorium, and whose it is or was before the auditorium closed; nil when there is no
  /// such auditorium.
  package func owner(
    ofAuditorium id: Int64, evenClosed: Bool = false, timeout: Duration? = nil
  ) async throws(StoreError) -> OwnedTheatre? {
    let result = try await database.ask(
      Statements.getAuditoriumOwner, [.int8(id), .bool(evenClosed)], timeout: timeout)
    guard let row = result.firstRow else { return nil }
    return try reading { () throws(PostgresError) in
      OwnedTheatre(theatreID: try row.decode(0), partnerID: try row.decode(1))
    }
  }

  /// What became of a wish for an auditorium, or for another name of one.
  package enum AuditoriumOutcome: Sendable, Hashable {
    /// This is what it is now.
    case done(AuditoriumRecord)
    /// The theatre has one of this name.
    case nameTaken
    /// The theatre or the auditorium is not there, or no more.
    case notFound
  }

  /// Makes an auditorium.
  package func createAuditorium(
    inTheatre theatreID: Int64, named name: String, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> AuditoriumOutcome {
    let result = try await database.ask(
      Statements.createAuditorium, actor.values + [.int8(theatreID), .text(name)],
      timeout: timeout)
    return try reading { () throws(PostgresError) in
      guard let row = result.firstRow else { return .notFound }
      guard try row.decode(0, as: Int64?.self) != nil else { return .nameTaken }
      return .done(try AuditoriumRecord(row))
    }
  }

  /// Gives an auditorium another name.
  package func renameAuditorium(
    id: Int64, inTheatre theatreID: Int64, to name: String, by actor: AuditActor,
    timeout: Duration? = nil
  ) async throws(StoreError) -> AuditoriumOutcome {
    do throws(StoreError) {
      let result = try await database.ask(
        Statements.renameAuditorium, actor.values + [.int8(id), .text(name)], timeout: timeout)
      guard result.rowCount > 0 else { return .notFound }
    } catch {
      guard error.cause?.kind == .uniqueViolation else { throw error }
      return .nameTaken
    }
    let now = try await auditoriums(
      inTheatre: theatreID, only: id, pageSize: 1, pageToken: "", timeout: timeout)
    return now.items.first.map { .done($0) } ?? .notFound
  }

  /// Auditoriums of a theatre by name, or one of them alone.
  package func auditoriums(
    inTheatre theatreID: Int64, only id: Int64 = 0, pageSize: Int, pageToken: String,
    timeout: Duration? = nil
  ) async throws(StoreError) -> Page<AuditoriumRecord> {
    var filter = RequestHash(command: "auditoriums")
    filter.add(theatreID)
    return try await database.page(
      Statements.listAuditoriums, filter, [.int8(theatreID), .int8(id)], pageSize, pageToken,
      timeout, key: { ($0.name, $0.id) }, AuditoriumRecord.init)
  }
}

extension TheatreWish {
  fileprivate var values: [PostgresValue] {
    var (cityID, cityName, region, country): (Int64, String, String, String) = (0, "", "", "")
    switch city {
    case .id(let id): cityID = id
    case .name(let name, let ofRegion, let code):
      (cityName, region, country) = (name, ofRegion, code)
    }
    var all = policies
    all.holdMinutes = all.holdMinutes ?? 5
    all.seatsPerCustomer = all.seatsPerCustomer ?? 10
    all.orphanRule = all.orphanRule ?? .off
    all.refundBasisPoints = all.refundBasisPoints ?? 10_000
    all.refundMinutesBefore = all.refundMinutesBefore ?? 0
    return [
      .int8(partnerID), .int8(cityID), .text(cityName), .text(region), .text(country),
      .text(name), .text(address), .text(postalCode), .text(timeZone), .float8(latitude),
      .float8(longitude),
    ] + all.values
  }
}

extension TheatrePolicies {
  fileprivate var values: [PostgresValue] {
    [
      .int2(holdMinutes), .int2(seatsPerCustomer), .int2(orphanRule?.rawValue),
      .int2(refundBasisPoints), .int4(refundMinutesBefore),
    ]
  }
}
