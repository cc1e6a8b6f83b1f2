// One codec measurement of C++ protobuf: the same arguments, work and output as CodecBench.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "bench/deep.pb.h"
#include "usher/v1/booking.pb.h"
#include "usher/v1/seat_map.pb.h"

namespace {

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Hides a value from the optimiser.
template <typename Value>
void Keep(const Value& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

template <typename Message>
double Encode(const Message& message, long count) {
  double start = CpuSeconds();
  for (long i = 0; i < count; ++i) {
    Keep(message);
    std::string bytes = message.SerializeAsString();
    Keep(bytes);
  }
  return CpuSeconds() - start;
}

template <typename Message>
double Decode(const std::string& bytes, long count) {
  double start = CpuSeconds();
  for (long i = 0; i < count; ++i) {
    Keep(bytes);
    Message message;
    if (!message.ParseFromString(bytes)) return -1;
    Keep(message);
  }
  return CpuSeconds() - start;
}

template <typename Message>
int Measure(const std::string& bytes, bool is_encoding, double seconds) {
  Message message;
  if (!message.ParseFromString(bytes) || message.SerializeAsString() != bytes) {
    std::fprintf(stderr, "another message comes out\n");
    return 1;
  }
  for (long count = 1;;) {
    double elapsed = is_encoding ? Encode(message, count) : Decode<Message>(bytes, count);
    if (elapsed >= seconds) {
      std::printf("%f\n", elapsed / static_cast<double>(count) * 1e9);
      return 0;
    }
    double scaled = static_cast<double>(count) * seconds / std::max(elapsed, 1e-6) * 1.1;
    count = std::max(count * 2, static_cast<long>(scaled));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  std::ifstream file(argv[3], std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string name = argv[1];
  bool is_encoding = std::string(argv[2]) == "encode";
  double seconds = std::stod(argv[4]);
  if (name == "seat_map")
    return Measure<usher::v1::GetSeatMapResponse>(bytes, is_encoding, seconds);
  if (name == "booking") return Measure<usher::v1::Booking>(bytes, is_encoding, seconds);
  if (name == "deep") return Measure<bench::Deep>(bytes, is_encoding, seconds);
  return 64;
}
