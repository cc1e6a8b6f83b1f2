// The schema of gRPC's interoperability tests, compiled by our own compiler. The generated types
// are all there is: `Grpc.Testing`.
