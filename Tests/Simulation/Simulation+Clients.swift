// What clients do, and the network between them and the nodes: any order, some messages twice, some
// never.

import Booking

@testable import BookingStore

extension Simulation {
  enum Message {
    case request(Wish, node: Int)
    case answer(Wish, SaleOutcome?, node: Int)
    /// Asks what became of a request, or sees to it that it never runs.
    case question(RequestIdentity, mustNotRun: Bool)
    case fate(RequestIdentity, RequestFate?)
  }

  func act() {
    guard let client = dice.pick(clients) else { return }
    if let open = dice.pick(client.open) {
      // No answer in time: the same again, to whichever node; or a question what became of it.
      if dice.chance(8) {
        ask(open)
      } else if dice.chance(40) {
        send(open)
      }
      return
    }
    if dice.chance(12), let old = dice.pick(client.past) { return begin(old, client) }
    if dice.chance(7) { return beginTogether(client) }
    // Several at once, each by itself.
    for _ in 0..<(dice.chance(10) ? 3 : 1) {
      guard let dish = dice.pick(weighted: Menu.dishes),
        let body = dish(client, database.tables, &dice)
      else { continue }
      begin(Wish(part(body, client)), client)
    }
  }

  /// A part with an id of its own; now and then somebody uses an id twice.
  private func part(_ body: Wish.Body, _ client: SimClient) -> Wish.Part {
    let reused =
      dice.chance(2) ? dice.pick(client.past.filter { !$0.isTogether })?.identities[0] : nil
    return Wish.Part(
      body, partnerID: client.partnerID,
      requestID: reused?.requestID ?? UniqueID(high: dice.next(), low: dice.next()))
  }

  private func beginTogether(_ client: SimClient) {
    guard let dishes = dice.pick(Menu.groups) else { return }
    let bodies = dishes.compactMap { $0(client, database.tables, &dice) }
    var parts = bodies.map {
      Wish.Part(
        $0, partnerID: client.partnerID, requestID: UniqueID(high: dice.next(), low: dice.next()))
    }
    guard !parts.isEmpty else { return }
    let exclusive = Set(parts.map(\.identity.key))
    // Something that may have been done before.
    let isOfHolds = parts[0].body.text.hasPrefix("hold")
    let known = client.past.filter { !$0.isTogether && (isOfHolds ? $0.isHold : $0.isCancel) }
    if dice.chance(20), let old = dice.pick(known) { parts.append(old.parts[0]) }
    judge.sentTogether(Set(parts.map(\.identity.key)), exclusive: exclusive)
    begin(Wish(together: parts), client)
  }

  private func begin(_ wish: Wish, _ client: SimClient) {
    judge.sent(wish)
    client.open.append(wish)
    send(wish)
  }

  func send(_ wish: Wish) {
    note("client sends \(wish.text)")
    repeat {
      network.append(.request(wish, node: dice.number(0..<nodes.count)))
    } while dice.chance(6)
  }

  private func ask(_ wish: Wish) {
    guard !wish.isJoin, let identity = dice.pick(wish.identities) else { return }
    // Of several that are done together one alone would be kept from running.
    let mustNotRun = !wish.isTogether && dice.chance(50)
    network.append(.question(identity, mustNotRun: mustNotRun))
  }

  // MARK: In line

  /// Somebody who waits looks where it stands, leaves, or comes back.
  func wait() throws {
    guard let client = dice.pick(clients.filter { $0.place != nil }), let place = client.place
    else { return }
    guard let node = place.node else {
      if dice.chance(60) { send(place.join) }
      return
    }
    guard let row = database.tables.waits[place.key] else { return }
    switch row.entry.state {
    case .served:
      client.learn(row.entry.request.bookingID)
      client.place = nil
    case .waiting where dice.chance(10): client.place?.node = nil
    case .waiting where dice.chance(10):
      let end = WaitEnd(place.key, .left)
      judge.mayEnd(end)
      try accept(
        .endWaits(lane: Town.lane(place.showID), showID: place.showID, [end]), nil, node)
    case .waiting: break
    default: client.place = nil
    }
  }

  // MARK: The network

  func deliver() throws {
    guard !network.isEmpty else { return }
    let message = network.remove(at: dice.number(0..<network.count))
    if dice.chance(5) { return note("a message is lost") }
    try deliver(message)
  }

  func deliver(_ message: Message) throws {
    switch message {
    case .request(let wish, let node):
      var random = (dice.next(), dice.next())
      let time = UInt64(database.now / 1_000)
      let request = wish.request { lane in
        random.1 &+= 1
        return BookingID(lane: lane, unixMilliseconds: time, random: random)
      }
      try accept(request, wish, node)
    case .answer(let wish, let outcome, let node): answer(wish, outcome, node)
    case .question(let identity, let mustNotRun):
      let fate = mustNotRun ? database.fence(identity) : database.fate(identity.key)
      note("\(identity.key.requestID) is told \(String(describing: fate))")
      try judge.told(fate, of: identity.key)
      network.append(.fate(identity, fate))
    case .fate(let identity, let fate):
      guard let client = clients.first(where: { $0.has([identity]) }), let fate else { return }
      _ = client.close([identity])
      if case .ran(let record) = fate { client.learn(record.id) }
    }
  }

  private func answer(_ wish: Wish, _ outcome: SaleOutcome?, _ node: Int) {
    if case .inLine = outcome {
      for client in clients where client.place?.key == wish.identities[0].key {
        client.place?.node = node
      }
    }
    guard let outcome, let client = clients.first(where: { $0.has(wish.identities) }),
      let wish = client.close(wish.identities)
    else { return }
    switch outcome {
    case .done(let record): learn(record, client)
    case .together(let outcomes):
      for case .done(let record) in outcomes { learn(record, client) }
    case .inLine:
      let showID = database.tables.waits[wish.identities[0].key]?.entry.request.showID
      client.place = showID.map { SimClient.Place(join: wish, showID: $0, node: node) }
    default: break
    }
  }

  /// Now and then somebody else learns of it as well.
  private func learn(_ record: BookingRecord, _ client: SimClient) {
    client.learn(record.id)
    if dice.chance(10) { dice.pick(clients)?.learn(record.id) }
  }
}

extension SimClient {
  fileprivate func has(_ identities: [RequestIdentity]) -> Bool {
    open.contains { $0.identities == identities }
  }
}
