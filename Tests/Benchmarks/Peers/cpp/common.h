// What both C++ servers share: arguments, credentials, the line that says they are ready.
#pragma once

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

namespace bench {

inline std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// `HOST:PORT [CERTIFICATE KEY]`; cleartext without a certificate.
inline std::shared_ptr<grpc::ServerCredentials> Credentials(int count, char** arguments) {
  if (count < 4) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({ReadFile(arguments[3]), ReadFile(arguments[2])});
  return grpc::SslServerCredentials(options);
}

// Port 0 is allowed; the port chosen is told.
inline void AnnounceReady(int port) {
  std::cout << "ready 127.0.0.1:" << port << std::endl;
}

}  // namespace bench
