// The line for one show, first come, first served. It keeps order and remembers what a batch did to
// it; who may join and when somebody is served, the ledger decides.

/// The parties that wait for seats of a show.
package struct WaitingQueue: Sendable {
  /// Those in line, by arrival.
  package private(set) var parties: [WaitEntry]
  /// The arrival of the last party that ever came; 0 before the first.
  package private(set) var lastArrival: Int64
  /// Who came in the batch, and who went.
  private var joined: Set<RequestKey> = []
  private var ended: [WaitEntry] = []

  /// A line. `parties` are all waiting and in order of arrival, the last of them not after
  /// `lastArrival`.
  package init(_ parties: [WaitEntry] = [], lastArrival: Int64 = 0) {
    self.parties = parties
    self.lastArrival = lastArrival
  }

  /// Whether nobody waits.
  package var isEmpty: Bool { parties.isEmpty }

  /// Whether the batch changed anything.
  package var isTouched: Bool { !joined.isEmpty || !ended.isEmpty }

  /// A place of a party that waits, or that went in this batch.
  package func entry(_ key: RequestKey) -> WaitEntry? {
    parties.first { $0.key == key } ?? ended.first { $0.key == key }
  }

  /// Lets a party join at the end of the line.
  @discardableResult
  package mutating func append(_ request: WaitRequest) -> WaitEntry {
    lastArrival += 1
    let entry = WaitEntry(request, arrival: lastArrival)
    parties.append(entry)
    joined.insert(entry.key)
    return entry
  }

  /// Takes a party out of the line; false when it does not wait.
  @discardableResult
  package mutating func end(_ key: RequestKey, _ state: WaitState) -> Bool {
    guard let index = parties.firstIndex(where: { $0.key == key }) else { return false }
    var entry = parties.remove(at: index)
    entry.state = state
    ended.append(entry)
    return true
  }

  /// What the batch did: who came, as the batch left them, and who went of those that were there.
  package var changes: [(isNew: Bool, entry: WaitEntry)] {
    let all = ended + parties.filter { joined.contains($0.key) }
    return all.map { (joined.contains($0.key), $0) }
  }

  /// The batch was committed.
  package mutating func commit() {
    joined = []
    ended = []
  }
}
