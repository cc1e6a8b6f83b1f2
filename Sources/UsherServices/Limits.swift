// Bounds of the services, each with its reason.

enum Limits {
  /// Keys remembered per loop; more partners than this are not active at once.
  static let cachedCredentials = 10_000
  /// How long a good key is remembered: the longest a revoked key still works.
  static let credentialLifetime = Duration.seconds(10)
  /// How long a bad key is remembered: guessing costs one query a second at most per key.
  static let refusedKeyLifetime = Duration.seconds(1)
  /// An `authorization` value longer than any key of ours is not looked up.
  static let authorizationBytes = 512
  /// How long an access token is good: it is shown with every call, and so the first to leak.
  static let accessSeconds: Int64 = 900
  /// How long a session goes on.
  static let sessionSeconds: Int64 = 30 * 86_400
  /// Longest e-mail address (RFC 5321, 4.5.3.1.3).
  static let emailBytes = 254
  /// How long it may take to take back that a log-in failed: its caller may be gone.
  static let forgivingTime = Duration.seconds(5)
  /// Shortest password, as NIST has it.
  static let leastPasswordBytes = 8
  /// Characters of a partner's name, which is a line on a ticket.
  static let partnerNameCharacters = 120
  /// Characters of what a key is called: a cell of a table.
  static let keyLabelCharacters = 80
  /// Names of a client certificate that are looked up; one with more is no partner's.
  static let certificateNames = 20
  /// Bytes of a subject alternative name that a key may have.
  static let certificateNameBytes = 500
  /// Calls per second of a customer: what people do by hand, several devices at once.
  static let accountCallsPerSecond = 20
  /// Calls that a list counts for when every show that there is may have to be looked at for it: of a
  /// nation's two weeks in some tenths of a second. Half of what a customer may make in a second, so that the
  /// other half is for what was found.
  static let wideListCalls = 10
  /// Most that an operator may allow a key: more is no limit.
  static let keyCallsPerSecond: ClosedRange<Int32> = 0...1_000_000
  /// Theatres that one key is good for; one that needs more is good for all.
  static let theatresPerKey = 1_000
  /// How long a key may be good: longer is for ever.
  static let keyLifetimes = Duration.seconds(1)...Duration.seconds(10 * 366 * 86_400)
  /// How long a key and its successor may both be good: as long as a slow roll-out.
  static let longestKeyOverlap = Duration.seconds(30 * 86_400)
  /// Characters of an offer's name: a line of a quote.
  static let offerTitleCharacters = 80
  /// Characters of an add-on's title, a line on a ticket, and of what kind of thing it is.
  static let addOnTitleCharacters = 80
  static let addOnCategoryCharacters = 40
  /// Seats that one offer is for: with their labels a third of a request message.
  static let seatsPerOffer = 1_000
  /// Seats that are withdrawn by one call, for the same reason.
  static let seatsPerBlock = 1_000
  /// Characters of a reason: a line that somebody reads.
  static let reasonCharacters = 200
  /// Labels that a refusal repeats of many: of the longest there are some hundred bytes.
  static let labelsPerRefusal = 20
  /// Times a hold is priced again because prices changed in between.
  static let pricingAttempts = 3
  /// Connections in one answer to an operator: some hundred bytes each.
  static let connectionsPerPage = 1_000
  /// Most requests in a batch call: each has at most a kilobyte, and a request message has at most 64.
  static let batchItems = 50
  /// How often it is said of waiting parties that they still do: several times within the minute
  /// after which a party counts as lost.
  static let waitHeartbeat = Duration.seconds(15)
  /// Days of one question for figures: a year, a leap day included.
  static let statisticsDays: Int32 = 366
  /// Days of a settlement statement: the longest quarter.
  static let settlementDays: Int32 = 92
  /// How far back suspicious customers are looked for, and how far they may be.
  static let suspicionWindow = Duration.seconds(86_400)
  static let suspicionWindows = Duration.seconds(60)...Duration.seconds(7 * 86_400)
  /// From when on a customer is suspicious, unless an operator says otherwise: who is only undecided
  /// makes fewer holds in a day, and pays for some of them; and nobody has ten baskets in a minute.
  static let suspiciousUnpaidHolds: Int32 = 20
  static let suspiciousUnpaidPercent: Int32 = 80
  static let suspiciousHoldsPerMinute: Int32 = 10
  /// What such thresholds may be.
  static let suspiciousCounts: ClosedRange<Int32> = 1...1_000_000
  /// How often sales get their positions at most while somebody follows them: the longest a sale is
  /// kept from them, about, and a few small statements a second.
  static let salesPause = Duration.milliseconds(100)
  /// How long after a word of a commit it is looked for: it shows itself within milliseconds, on a
  /// busy machine within some hundred. And how long a stream that comes further without anything to
  /// see keeps that to itself.
  static let salesRestlessness = Duration.seconds(1)
  /// How often sales are looked for without a word of any: the change feed may be away.
  static let salesHeartbeat = Duration.seconds(2)
  /// How often followers of sales hear that nothing happened, as watchers of a map do.
  static let salesBookmarkInterval = Duration.seconds(15)
  /// Streams of sales that one key has open on a node: a program for each purpose, twice while they are
  /// exchanged. Each reads the log for itself.
  static let salesStreamsPerKey = 10
  /// When another stream may be tried: one that broke has been noticed by then.
  static let salesStreamRetrySeconds: Int64 = 30
  /// Positions without anything to see after which a follower is told how far it has come: so many
  /// are read again at most when it comes back.
  static let salesUntilBookmark: Int64 = 1_000
  /// A label or tier longer than any of ours is refused before it is repeated in an answer, whose
  /// details must stay small enough to travel.
  static let nameBytes = 64
  /// Characters of a street and number, and of a postal code: a line on a ticket.
  static let addressCharacters = 200
  static let postalCodeCharacters = 20
  /// Characters of an auditorium's name.
  static let auditoriumNameCharacters = 80
  /// Longest name of a time zone; the longest that there is has 32.
  static let timeZoneCharacters = 64
  /// Characters of a title.
  static let titleCharacters = 200
  /// Seats of a layout that is imported: the largest arenas have as many, and a worker's ledgers have
  /// room for two dozen such shows.
  static let seatsPerImport = 20_000
  /// Rows of a schedule put into the database together: enough that a row's share of a commit is small, and
  /// a request stays within 64 KiB.
  static let rowsPerRequest = 200
  /// Characters of a partner's name for a show, and of a technical format.
  static let referenceCharacters = 64
  static let formatCharacters = 40
  /// Shows of a theatre that one upload names: a house of thirty screens has as many in a year.
  static let namedShows = 100_000
  /// Vanished shows told, and withdrawn, at a time.
  static let vanishedPerResponse = 500
  /// Faults of a layout that are told: as many as fit the details of a status.
  static let violationsTold = 15
  /// Violations that a refusal tells, and the bytes of them: with the rest of it they fit the details of a
  /// status.
  static let violationsPerRefusal = 25
  static let violationBytes = 3_000
  /// Switches of one partner in a sandbox: more than methods to try them on.
  static let faultSwitches = 100
  /// How much time may pass at once: a programme is planned for less.
  static let clockStep = Duration.seconds(366 * 86_400)
  /// What a switch may be for: a time-out that is tried out is shorter, and what is forgotten ends.
  static let faultDelay = Duration.seconds(60)
  static let faultLifetime = Duration.seconds(86_400)
  static let faultCount: Int32 = 1_000_000
  /// Characters of a search: longer than any title.
  static let searchCharacters = 100
  /// A BCP 47 tag with every subtag it may have is shorter.
  static let languageBytes = 35
  /// Bytes of the catalogue's answers that a loop keeps: some five thousand pages.
  static let keptAnswerBytes = 64 << 20
  /// What a kept answer takes besides its bytes.
  static let keptAnswerOverheadBytes = 400
  /// A larger answer is not kept: it would push out hundreds of others.
  static let largestKeptAnswerBytes = 512 << 10
  /// How long an answer is kept that no change of the catalogue has touched: should a commit take longer
  /// than `commitVisibility` to be seen, what was read before is told for so long at most.
  static let answerLifetime = Duration.seconds(60)
  /// The same where the time of day counts: a show that has ended is told for so long at most.
  static let timelyAnswerLifetime = Duration.seconds(10)
  /// PostgreSQL tells of a commit before other sessions see it, by the time that a standby takes when
  /// one must have it first. What was read sooner after a change than this is not kept.
  static let commitVisibility = Duration.seconds(1)
  /// Cities, theatres and movies whose latest change is remembered one by one.
  static let rememberedChanges = 10_000
  /// Characters of a synopsis, of a review: two printed pages.
  static let proseCharacters = 4_000
  /// Characters of a comment: a paragraph.
  static let commentCharacters = 1_000
  /// Genres, languages, people and pictures of a movie: with all of them it still is one message of
  /// some 60 KiB.
  static let genresPerMovie = 20
  static let genreCharacters = 40
  static let languagesPerMovie = 50
  static let creditsPerMovie = 200
  static let picturesPerMovie = 50
  /// Characters of an age certificate, as printed.
  static let certificateCharacters = 20
  /// Longest address of a picture or trailer.
  static let urlBytes = 500
}
