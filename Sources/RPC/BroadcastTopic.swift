// One topic on all loops: a message is encoded by whoever publishes it, and posted to each loop once.

package import Reactor
import Synchronization

/// A topic that calls of every loop can follow and any thread can publish to.
package final class BroadcastTopic: Sendable {
  private enum News {
    case message(SharedEnvelope)
    case close(RPCError?)
  }

  /// What a loop has not fetched yet. Messages that come before it does travel in the same post.
  private final class Mailbox: Sendable {
    private let news = Mutex<[News]>([])

    /// Returns whether the loop has to be told.
    func put(_ all: [News]) -> Bool {
      news.withLock { news in
        defer { news += all }
        return news.isEmpty && !all.isEmpty
      }
    }

    func take() -> [News] {
      news.withLock { news in
        defer { news = [] }
        return news
      }
    }
  }

  private let topics: PerLoop<Broadcast>
  private let mailboxes: [(loop: EventLoop, mailbox: Mailbox)]
  /// Orders publishers, so that all loops see their messages in the same order.
  private let order = Mutex(())

  /// Calls whose loop's log overflows before their peer reads are ended with `laggards`.
  package init(
    _ loops: [EventLoop], limits: BroadcastLimits = BroadcastLimits(), laggards: RPCError
  ) {
    topics = PerLoop(loops) { Broadcast(loop: $0, limits: limits, policy: .cut(laggards)) }
    mailboxes = loops.map { ($0, Mailbox()) }
  }

  /// Publishes messages in order. Any thread.
  package func publish(_ envelopes: [SharedEnvelope]) { post(envelopes.map(News.message)) }

  /// Ends every call behind what was published: with the error, or in good order without one. Any
  /// thread.
  package func close(_ error: RPCError?) { post([.close(error)]) }

  /// The topic on the caller's loop, to join.
  package func on(_ loop: EventLoop) -> Broadcast { topics[loop] }

  private func post(_ news: [News]) {
    order.withLock { _ in
      for (loop, mailbox) in mailboxes where mailbox.put(news) {
        loop.execute { [topics] in Self.fetch(mailbox, topics[loop]) }
      }
    }
  }

  private static func fetch(_ mailbox: Mailbox, _ topic: Broadcast) {
    for news in mailbox.take() {
      switch news {
      case .message(let envelope): topic.publish(envelope)
      case .close(let error): topic.close(error)
      }
    }
  }
}
