// Bounds of the client, each with its reason.

enum Limits {
  /// Results of a list unless `--limit` says otherwise: some screens full.
  static let listItems = 100
  /// Results of a list with `--limit 0`: memory has an end, and so has patience.
  static let listItemsAtMost = 100_000
  /// Results asked for at a time: the most that the server gives.
  static let pageItems = 200
  /// Seats of one hold, as the service has it.
  static let seatsPerHold = 10
  /// Shows watched together, as the service has it.
  static let watchedShows = 1_000
  /// Bytes of a token file that are read: keys are far shorter, and a wrong file may be endless.
  static let tokenFileBytes = 16 << 10
  /// Bytes of the configuration file that are read.
  static let configurationBytes = 1 << 20
  /// Bytes of a layout's file that are read: 20,000 seats one by one take some three million.
  static let layoutFileBytes = 8 << 20
  /// Bytes of a line of a schedule: a row has some hundred.
  static let lineBytes = 16 << 10
  /// Rows of a request, as the service has it, and bytes of one, a little below its limit.
  static let rowsPerRequest = 200
  static let requestBytes = 60 << 10
  /// Rows of a batch's file, which are read before the first is sent.
  static let batchRows = 10_000
  /// Holds or cancellations of a request, as the service has it.
  static let batchItems = 50
  /// How often in a row a batch or a list waits because its key calls too often.
  static let pausesInARow = 20
  /// Labels that are listed of each kind of change.
  static let labelsShown = 12
  /// Time for a whole command that does not wait for anything but answers.
  static let timeout = Duration.seconds(30)
  /// Time to clear up when a command is interrupted.
  static let farewell = Duration.seconds(5)
  /// Silence on a connection with calls after which the server is pinged; servers allow 10 s.
  static let keepalive = Duration.seconds(30)
  /// Pauses between reconnections of a stream: doubled from the first to the longest, each within
  /// ±20 % so that a crowd of clients does not come back at one moment.
  static let firstPause = Duration.milliseconds(250)
  static let longestPause = Duration.seconds(10)
  static let pauseJitter = 0.2
  /// Failed reconnections in a row after which a stream is given up, some ten minutes.
  static let reconnections = 60
  /// Changes listed under a live map.
  static let tickerLines = 5

  // MARK: Bench

  /// Turns of a load.
  static let benchTurns = 10_000_000
  /// Turns of a load under way at a time: a hundred streams of each connection.
  static let benchInFlight = 10_000
  /// Connections of a load: a server lets one address have a hundred.
  static let benchConnections = 100
  /// Calls under way for which there is a connection: a server allows a hundred, and what is given
  /// back needs some.
  static let benchStreams = 90
  /// Seconds of a load.
  static let benchSeconds = 3_600.0
  /// How long a load waits for its watchers, before and after, and for the things it gives back.
  static let benchPatience = Duration.seconds(10)
  /// Pause after a call that found no server.
  static let benchPause = Duration.milliseconds(100)
  /// Holds whose answers were lost, to be asked about at the end.
  static let benchLoose = 10_000
  /// Different failures that are counted apart.
  static let benchReasons = 100
  /// Changes that watchers have not seen yet, and versions that they saw before the answer came, those
  /// of other people's changes among them.
  static let benchVersions = 1_000
  /// Parties that wait for a show at a time, as the service has it.
  static let benchParties = 1_000
  /// Shows of a mixed load unless they are named.
  static let benchShows: Int32 = 100
  /// The payment reference of what a load sells, by which it is known later.
  static let benchPayment = "usher-bench"
}
