// Who a client is by the certificate it showed. The RPC floor only carries it, from the transport to
// interceptors and handlers.

/// The identity in a client certificate that the handshake has verified. One per connection, shared
/// by its calls.
package final class PeerIdentity: Sendable, Hashable {
  /// Distinguished name as RFC 2253 writes it, for example `CN=box-office,O=Odeon`.
  package let subject: String
  /// Subject alternative names by kind (RFC 5280, section 4.2.1.6), in the certificate's order.
  package let dnsNames: [String]
  package let uris: [String]
  package let emailAddresses: [String]
  package let ipAddresses: [String]
  /// SHA-256 of the whole certificate in lower-case hexadecimal digits.
  package let fingerprint: String

  package init(
    subject: String, dnsNames: [String], uris: [String], emailAddresses: [String],
    ipAddresses: [String], fingerprint: String
  ) {
    self.subject = subject
    self.dnsNames = dnsNames
    self.uris = uris
    self.emailAddresses = emailAddresses
    self.ipAddresses = ipAddresses
    self.fingerprint = fingerprint
  }

  /// Two identities are the same when their certificates are.
  package static func == (left: PeerIdentity, right: PeerIdentity) -> Bool {
    left.fingerprint == right.fingerprint
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
