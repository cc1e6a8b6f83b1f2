// Bounds of the feed, each with its reason.

package enum Limits {
  /// Events of a show that are kept for watchers who come back: minutes of a rush, hours of calm.
  package static let loggedEvents = 1_024
  /// Seat states kept in all of a show's logged events, so that block sales cannot grow it.
  package static let loggedSeats = 65_536
  /// Events a connected watcher may be behind before they are merged into one.
  package static let unmergedEvents = 64
  /// How often idle watchers hear that nothing happened.
  package static let bookmarkInterval = Duration.seconds(15)
  /// Shows of one loop held in memory, so that their number alone costs some 30 MB.
  package static let loadedShows = 20_000
  /// Bytes of their maps, logs and encoded answers: 10,000 shows of 300 seats that are being read,
  /// four times as many that are only kept up to date.
  package static let loadedBytes = 128 << 20
  /// What a logged event takes besides its seats: itself and its frame.
  package static let loggedEventBytes = 256
  /// Shows looked at to make room for one: a full table of watched shows is not searched through
  /// for each newcomer.
  package static let evictionSteps = 64
  /// How long a reader waits for a version that this node has told of, before the database is asked:
  /// many times what a change takes from its commit to here.
  package static let versionWait = Duration.milliseconds(250)
  /// Shows read anew at the same time after the change stream was away: more would only queue in
  /// the pool, where first readings wait as well.
  package static let reloadsAtOnce = 16
  /// Pause after a watched show could not be read anew.
  package static let reloadRetry = Duration.seconds(1)
  /// Changes kept while a show is being loaded; with more, the load is begun again.
  package static let changesWhileLoading = 10_000
  /// Shows of a group, as the schema says: a large theatre's programme of some weeks.
  package static let groupShows = 1_000
  /// Different groups of one loop; watchers of the same shows share one.
  package static let groups = 1_000
  /// Shows of one loop that groups keep in memory, and bytes of their maps: half of what there is room
  /// for, so that who watches a single show finds room beside them.
  package static let groupedShows = loadedShows / 2
  package static let groupedBytes = loadedBytes / 2
  /// For how long changes of a group are gathered before they are told.
  package static let groupInterval = Duration.milliseconds(200)
  /// Events a group's watcher may be behind before it is told the present state instead.
  package static let unmergedGroupEvents = 16
}
