// Where HTTP/2 streams meet the topics that their calls follow.

package import HTTP2
package import RPC

/// The streams of a group's calls, slot by slot: waking them touches nothing else.
final class FollowedStreams {
  private(set) var all: [HTTP2Stream] = []

  func put(_ stream: HTTP2Stream, _ slot: Int) {
    if slot < all.count { all[slot] = stream } else { all.append(stream) }
  }

  func shrink(to count: Int) { all.removeLast(max(0, all.count - count)) }
}

extension BroadcastGroup: HTTP2Source {
  package func refill(_ stream: HTTP2Stream, slot: Int, byteCount: Int) -> Bool {
    pull(slot: slot, byteCount: byteCount) { stream.append($0) }
  }

  var streams: FollowedStreams {
    if let streams = attachment as? FollowedStreams { return streams }
    let streams = FollowedStreams()
    attachment = streams
    return streams
  }
}
