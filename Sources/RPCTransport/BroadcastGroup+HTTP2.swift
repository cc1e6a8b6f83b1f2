// Where HTTP/2 streams meet the topics that their calls follow.

package import HTTP2
package import RPC

extension BroadcastGroup: HTTP2Source {
  package func refill(_ stream: HTTP2Stream, slot: Int, byteCount: Int) {
    pull(slot: slot, byteCount: byteCount) { stream.append($0) }
  }
}
