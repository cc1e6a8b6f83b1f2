// The schema of connectrpc's conformance suite, as far as a server under test needs it, compiled by
// our own compiler. The generated types are all there is: `Connectrpc.Conformance.V1`.
