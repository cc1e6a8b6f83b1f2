// What the interoperability client and server on gRPC C++ share: flags, files, names of the public
// description, and whether the message received last had come compressed.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "grpc/testing/test.grpc.pb.h"

// Exported by libgrpc for tests, and declared in none of its public headers.
uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);

namespace interop {

constexpr char kEchoInitial[] = "x-grpc-test-echo-initial";
constexpr char kEchoTrailing[] = "x-grpc-test-echo-trailing-bin";

template <typename Context>
bool LastWasCompressed(Context* context) {
  // Set by libgrpc when it inflates a message, for tests.
  constexpr uint32_t kWasCompressed = 0x40000000u;
  return (grpc_call_test_only_get_message_flags(context->c_call()) & kWasCompressed) != 0;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "cannot read " << path << std::endl;
    std::exit(66);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Flags of the form --name=value; a name that is not among the known ones ends the program.
class Flags {
 public:
  Flags(int count, char** arguments, std::map<std::string, std::string> defaults)
      : values_(std::move(defaults)) {
    for (int i = 1; i < count; ++i) {
      const std::string argument = arguments[i];
      const auto equals = argument.find('=');
      const auto known = argument.rfind("--", 0) == 0 && equals != std::string::npos
                             ? values_.find(argument.substr(2, equals - 2))
                             : values_.end();
      if (known == values_.end()) {
        std::cerr << "unknown argument " << argument << std::endl;
        std::exit(64);
      }
      known->second = argument.substr(equals + 1);
    }
  }

  const std::string& operator[](const std::string& name) const { return values_.at(name); }
  bool IsTrue(const std::string& name) const { return values_.at(name) == "true"; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace interop
