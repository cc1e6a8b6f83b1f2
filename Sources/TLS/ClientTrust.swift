// Whether a server asks its clients for certificates, and whose it takes.

/// What a server demands of its clients' certificates.
package struct ClientTrust: Sendable, Equatable {
  /// How much a certificate matters. A bad one ends the handshake wherever one is asked for.
  package enum Demand: String, Sendable, CaseIterable {
    /// None is asked for.
    case off
    /// One is asked for; a client without any is served all the same.
    case request
    /// Without a certificate there is no connection.
    case require
  }

  package var demand: Demand
  /// PEM file with the certificates of the authorities that may have signed a client's.
  package var authorityFile: String
  /// PEM file with revocation lists, one for each authority of a chain; nil checks no revocation.
  /// A list that is missing or past its next update refuses every certificate that it is about.
  package var revocationFile: String?

  package init(_ demand: Demand, authorityFile: String, revocationFile: String? = nil) {
    self.demand = demand
    self.authorityFile = authorityFile
    self.revocationFile = revocationFile
  }

  /// No client is asked for a certificate.
  package static let none = ClientTrust(.off, authorityFile: "")
}
