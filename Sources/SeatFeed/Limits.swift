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
  /// Shows of one loop held in memory: 20,000 maps of 300 seats are some 20 MB.
  package static let loadedShows = 20_000
  /// Shows read anew at the same time after the change stream was away: more would only queue in
  /// the pool, where first readings wait as well.
  package static let reloadsAtOnce = 16
  /// Pause after a watched show could not be read anew.
  package static let reloadRetry = Duration.seconds(1)
  /// Changes kept while a show is being loaded; with more, the load is begun again.
  package static let changesWhileLoading = 10_000
}
