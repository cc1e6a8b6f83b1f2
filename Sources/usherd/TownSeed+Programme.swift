// What is on in a room on a day: a pure function of the files and the date, so that a later start
// plans the same shows again. Times are on the theatre's wall clock; the database knows its zone.

/// One show as planned.
struct PlannedShow: Sendable, Equatable {
  /// What is shown.
  enum Content: Sendable, Equatable {
    case film(title: String)
    case stage(title: String, kind: ProductionFile.Kind)
  }

  let content: Content
  let language: String
  /// The local date, in days since 1970-01-01.
  let day: Int32
  /// Minutes after local midnight.
  let startMinute: Int32
  /// How long the room is taken.
  let minutes: Int32

  var endMinute: Int32 { startMinute + minutes }
}

extension TownSeed {
  /// Advertisements and trailers before a film: part of the show.
  private static let trailerMinutes: Int32 = 15
  /// At least this long to sweep a room between shows.
  private static let sweepMinutes: Int32 = 20
  /// Films that one room has in a week.
  private static let filmsPerWeek = 3

  /// The shows of a room on a day, by start, never overlapping, the next day's included.
  /// `room` is the room's position in the whole town, which spreads the films.
  func programme(
    theatre: TheatreFile, auditorium: AuditoriumFile, room: Int, day: Int32
  ) throws(TownSeedError) -> [PlannedShow] {
    let shows =
      if let stage = auditorium.stage {
        stageShows(stage, day: day)
      } else {
        try filmShows(theatre: theatre, room: room, day: day)
      }
    let isClear = zip(shows, shows.dropFirst()).allSatisfy { $0.endMinute <= $1.startMinute }
    guard isClear, (shows.last?.endMinute ?? 0) <= 1440 + theatre.opens.minute - 120 else {
      throw TownSeedError("shows overlap: \(theatre.name), \(auditorium.name)")
    }
    return shows
  }

  private func stageShows(_ stage: [EngagementFile], day: Int32) -> [PlannedShow] {
    let weekday = Weekday(unixDays: day)
    let shows = stage.compactMap { engagement -> PlannedShow? in
      guard engagement.days.contains(weekday),
        let production = productions[engagement.production]
      else { return nil }
      return PlannedShow(
        content: .stage(title: production.title, kind: production.kind),
        language: production.language, day: day, startMinute: engagement.at.minute,
        minutes: production.durationMinutes)
    }
    return shows.sorted { $0.startMinute < $1.startMinute }
  }

  private func filmShows(
    theatre: TheatreFile, room: Int, day: Int32
  ) throws(TownSeedError) -> [PlannedShow] {
    let films = repertoire(of: theatre, room: room, day: day)
    guard !films.isEmpty else { throw TownSeedError("\(theatre.name) has no films") }
    var shows: [PlannedShow] = []
    // Neighbouring rooms do not all start at once.
    var start = theatre.opens.minute + Int32(room % 4) * 10
    while start <= theatre.lastStart.minute {
      let film = films[(Int(day) + shows.count) % films.count]
      let show = PlannedShow(
        content: .film(title: film.title), language: language(of: film, in: theatre), day: day,
        startMinute: start, minutes: film.durationMinutes + Self.trailerMinutes)
      shows.append(show)
      // On the printed programme, times are multiples of five minutes.
      start = (show.endMinute + Self.sweepMinutes + 4) / 5 * 5
    }
    return shows
  }

  /// The films of a room in a cinema week, which starts on Thursday as 1970-01-01 did.
  private func repertoire(of theatre: TheatreFile, room: Int, day: Int32) -> [MovieFile] {
    let fitting = movies.filter { !Set($0.languages).isDisjoint(with: theatre.languages) }
    guard !fitting.isEmpty else { return [] }
    let first = Int(day / 7) * 5 + room * Self.filmsPerWeek
    return (0..<Self.filmsPerWeek).map { fitting[(first + $0) % fitting.count] }
  }

  private func language(of film: MovieFile, in theatre: TheatreFile) -> String {
    theatre.languages.first(where: film.languages.contains) ?? film.languages.first ?? ""
  }
}
