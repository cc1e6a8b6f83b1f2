// Bounds of the store, each with its reason.

/// The bounds of the store.
package enum StoreLimits {
  /// Most requests in one batch: past this the statement's own time outgrows what is saved.
  package static let batchRequests = 256
  /// Most requests that wait for one worker: about a quarter of a second of its full speed, so
  /// that who is let in is served within any reasonable deadline.
  package static let laneQueue = 4_096
  /// Times a request is run alone after its batch failed, as long as only another transaction was
  /// in the way or the answer was lost.
  package static let soloAttempts = 3
  /// Most shows swept at a time: each is one request among those of its lane.
  package static let sweptShows = 200
  /// Most parties of the waiting list whose waiting is ended at a time, for the same reason.
  package static let sweptParties = 200
  /// Seats of all ledgers of one worker: with their bookings some hundred megabytes at most.
  package static let ledgerSeats = 500_000
  /// Refusals that a worker remembers: some megabytes, and longer than any client retries.
  package static let rememberedRefusals = 16_384
  /// How near an end may be for a judgement of time to be trusted without asking the database: far
  /// more than a node's steady clock strays between two answers.
  package static let clockMarginMicroseconds: Int64 = 1_000_000
  /// How often holds are swept: well under the second in which watchers must see the seats free.
  package static let sweepInterval: Duration = .milliseconds(250)
  /// Pause after a sweep that failed.
  package static let sweepBackoff: Duration = .seconds(2)
  /// How long after the change stream has told of a commit others may not see it yet: it is told as it is
  /// written, and whoever reads must have it first.
  package static let commitVisibility: Duration = .seconds(1)
  /// Pause after a show that could not be swept: somebody has to mend it, and its log line must not be
  /// missed among its own kind.
  package static let troublePause: Duration = .seconds(60)
  /// Shows that may be in trouble at a time: with more it is the program that is, and the sweep fails.
  package static let troubledShows = 20
  /// First pause before the change feed connects again: PostgreSQL restarts in about a second.
  package static let feedBackoffFirst: Duration = .milliseconds(50)
  /// Longest pause: watchers wait for the feed, and one attempt costs next to nothing.
  package static let feedBackoffLast: Duration = .seconds(1)
  /// How often the database is asked for a sign of life; after three without one the feed is not
  /// live. So a map from memory is never older than some four seconds, whatever happens.
  package static let feedStatusInterval: Duration = .seconds(1)
  /// Changes of bookings after which a turn of giving positions to sales ends: a tenth of a second, in
  /// which others who number wait.
  package static let numberedSales: Int32 = 1_000
  /// How often each node gives positions to sales, followed or not: what is charged is counted then.
  package static let numberingInterval: Duration = .seconds(1)
  /// Shows counted in one question for figures: a large partner's month, read in a second or two.
  package static let statisticsShows: Int64 = 10_000
  /// The same where sums are read: two weeks of a nation with 5,000 theatres are 140,000, and were read in 1.3
  /// to 2.1 s on a busy machine.
  package static let summedShows: Int64 = 200_000
  /// Bookings of a lane that ended unpaid, and others, that are looked at for suspicious customers: more than
  /// two million in all.
  package static let suspectBookings = 20_000
  /// Groups told in one answer to it: some hundred kilobytes.
  package static let statisticsGroups: Int64 = 1_000
  /// Results of a list when the caller does not say.
  package static let defaultPageSize = 50
  /// Most results of one page; larger wishes are taken as this.
  package static let largestPageSize = 200
  /// Most theatres of a page that has their shows as well.
  static let theatresWithShows = 100
  /// Shows that each of them has: two days or so.
  static let showsPerTheatre = 20
  /// Longest page token read: a name of some hundred bytes in hexadecimal.
  package static let pageTokenBytes = 2_048
  /// Most shows raised in one transaction because of an offer: sales of them wait for it, some tens of
  /// milliseconds.
  package static let raisedShows = 1_000
  /// Age at which sweepers go on with a raise: by then the call that began it has its answer, or has many
  /// shows to raise and may well have help.
  package static let raiseSeconds: Int32 = 5
  /// Most offers of one owner that have not ended: all of them are read for each show that is sold.
  package static let activeOffers = 1_000
  /// Most allocations of a show that have not returned: every sale of it looks at them all.
  package static let activeAllocations = 100
  /// Most shows that get other prices at a time: their rows are taken while it is done, and sales of them
  /// wait.
  package static let repricedShows = 1_000
  /// Most shows of a partner whose clock moves in a sandbox: a second or two, in which nothing of them is
  /// sold.
  package static let movedShows = 5_000
  /// Versions of an auditorium's layout within so many days: nobody moves chairs twice a week all year round,
  /// and the seats of all versions are kept for as long as shows have them.
  package static let layoutsInDays: Int64 = 100
  /// The days.
  package static let layoutDays: Int32 = 365
  /// The partner through which accounts book: the house itself.
  package static let housePartnerID: Int64 = 0
  /// Longest API key hashed; ours have some 40 bytes.
  package static let keyBytes = 256
  /// Shows kept by one directory. Prices and titles are small; layouts are shared.
  package static let cachedShows = 4_096
  /// Seats of the layouts kept by one directory, of which each loop has one, and no show that it keeps has
  /// another: those of five thousand screens of 120, by their parts some hundred megabytes.
  package static let cachedLayoutSeats = 600_000
  /// Auditoriums whose neighbouring seats one worker keeps.
  package static let cachedChoosers = 512
  /// Age at which a show that is kept is read again, so that a changed title or sales state shows.
  /// Prices are guarded by their version whatever the age.
  package static let showLifetime: Duration = .seconds(10)
}
