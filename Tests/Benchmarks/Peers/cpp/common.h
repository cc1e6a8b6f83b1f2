// What both C++ servers share: arguments, credentials, the line that says they are ready.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

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

// A google.protobuf.BytesValue, encoded; copies share the bytes. Followers are sent these, so that a
// message is encoded once, whatever its followers are.
inline grpc::ByteBuffer Encode(const std::string& value) {
  std::string bytes{'\x0a', static_cast<char>(value.size())};
  grpc::Slice slice(bytes + value);
  return grpc::ByteBuffer(&slice, 1);
}

constexpr size_t kMessageBytes = 57;

inline grpc::ByteBuffer Hello() { return Encode(std::string(kMessageBytes, '\0')); }

inline std::vector<grpc::ByteBuffer> Messages(const std::string& published) {
  std::vector<grpc::ByteBuffer> messages;
  for (size_t at = 0; at < published.size(); at += kMessageBytes)
    messages.push_back(Encode(published.substr(at, kMessageBytes)));
  return messages;
}

}  // namespace bench
