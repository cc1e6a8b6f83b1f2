// gRPC's public interoperability cases, played by gRPC C++ against any server. Sizes and texts are
// the description's; the flags and what is printed are those of `interop-client`.
#include <functional>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "interop.h"

namespace {

using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;
using grpc::testing::TestService;

constexpr int kLargeRequest = 271828;
constexpr int kLargeResponse = 314159;
const std::vector<int> kRequestSizes = {27182, 8, 1828, 45904};
const std::vector<int> kResponseSizes = {31415, 9, 2653, 58979};

void Expect(bool condition, const std::string& otherwise) {
  if (!condition) throw std::runtime_error(otherwise);
}

void ExpectStatus(const Status& status, StatusCode code) {
  std::ostringstream text;
  text << "status " << status.error_code() << " \"" << status.error_message() << "\" came instead of "
       << code;
  Expect(status.error_code() == code, text.str());
}

void ExpectStatus(const Status& status, StatusCode code, const std::string& message) {
  ExpectStatus(status, code);
  Expect(status.error_message() == message, "the message was \"" + status.error_message() + "\"");
}

template <typename Response>
void ExpectZeros(const Response& response, int size) {
  const auto& body = response.payload().body();
  Expect(
      body == std::string(size, '\0'),
      std::to_string(body.size()) + " bytes came instead of " + std::to_string(size) + " zeros");
}

// A call's context. Every call is bounded, so that a silent server fails its case.
struct Context : ClientContext {
  explicit Context(std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    set_deadline(std::chrono::system_clock::now() + timeout);
  }
};

SimpleRequest Simple(int request_size = kLargeRequest, int response_size = kLargeResponse) {
  SimpleRequest request;
  request.set_response_size(response_size);
  request.mutable_payload()->set_body(std::string(request_size, '\0'));
  return request;
}

StreamingOutputCallRequest Output(const std::vector<int>& sizes, int request_size = 0) {
  StreamingOutputCallRequest request;
  for (const int size : sizes) request.add_response_parameters()->set_size(size);
  if (request_size > 0) request.mutable_payload()->set_body(std::string(request_size, '\0'));
  return request;
}

StreamingInputCallRequest Input(int size) {
  StreamingInputCallRequest request;
  request.mutable_payload()->set_body(std::string(size, '\0'));
  return request;
}

// Reads responses of these sizes and no more.
template <typename Reader>
void ExpectSizes(Reader* reader, const std::vector<int>& sizes) {
  StreamingOutputCallResponse response;
  for (const int size : sizes) {
    Expect(reader->Read(&response), "a response is missing");
    ExpectZeros(response, size);
  }
  Expect(!reader->Read(&response), "more responses came than were asked for");
}

void EmptyUnary(TestService::Stub* stub) {
  Context context;
  Empty response;
  ExpectStatus(stub->EmptyCall(&context, Empty(), &response), StatusCode::OK);
  Expect(response.ByteSizeLong() == 0, "the response is not empty");
}

void LargeUnary(TestService::Stub* stub) {
  Context context;
  SimpleResponse response;
  ExpectStatus(stub->UnaryCall(&context, Simple(), &response), StatusCode::OK);
  ExpectZeros(response, kLargeResponse);
}

void ClientStreaming(TestService::Stub* stub) {
  Context context;
  StreamingInputCallResponse response;
  const auto writer = stub->StreamingInputCall(&context, &response);
  for (const int size : kRequestSizes) Expect(writer->Write(Input(size)), "the call ended early");
  writer->WritesDone();
  ExpectStatus(writer->Finish(), StatusCode::OK);
  Expect(response.aggregated_payload_size() == 74922, "the server counted other bytes");
}

void ServerStreaming(TestService::Stub* stub) {
  Context context;
  const auto reader = stub->StreamingOutputCall(&context, Output(kResponseSizes));
  ExpectSizes(reader.get(), kResponseSizes);
  ExpectStatus(reader->Finish(), StatusCode::OK);
}

void PingPong(TestService::Stub* stub) {
  Context context;
  const auto talk = stub->FullDuplexCall(&context);
  StreamingOutputCallResponse response;
  for (size_t i = 0; i < kRequestSizes.size(); ++i) {
    Expect(talk->Write(Output({kResponseSizes[i]}, kRequestSizes[i])), "the call ended early");
    Expect(talk->Read(&response), "a response is missing");
    ExpectZeros(response, kResponseSizes[i]);
  }
  talk->WritesDone();
  ExpectSizes(talk.get(), {});
  ExpectStatus(talk->Finish(), StatusCode::OK);
}

void HalfDuplex(TestService::Stub* stub) {
  Context context;
  const auto talk = stub->HalfDuplexCall(&context);
  for (const int size : kResponseSizes) Expect(talk->Write(Output({size})), "the call ended early");
  talk->WritesDone();
  ExpectSizes(talk.get(), kResponseSizes);
  ExpectStatus(talk->Finish(), StatusCode::OK);
}

void EmptyStream(TestService::Stub* stub) {
  Context context;
  const auto talk = stub->FullDuplexCall(&context);
  talk->WritesDone();
  ExpectSizes(talk.get(), {});
  ExpectStatus(talk->Finish(), StatusCode::OK);
}

void CancelAfterBegin(TestService::Stub* stub) {
  Context context;
  StreamingInputCallResponse response;
  const auto writer = stub->StreamingInputCall(&context, &response);
  context.TryCancel();
  ExpectStatus(writer->Finish(), StatusCode::CANCELLED);
}

void CancelAfterFirstResponse(TestService::Stub* stub) {
  Context context;
  const auto talk = stub->FullDuplexCall(&context);
  StreamingOutputCallResponse response;
  Expect(talk->Write(Output({31415}, 27182)), "the call ended early");
  Expect(talk->Read(&response), "the response is missing");
  ExpectZeros(response, 31415);
  context.TryCancel();
  ExpectStatus(talk->Finish(), StatusCode::CANCELLED);
}

Status UnaryEcho(TestService::Stub* stub, const std::string& message) {
  Context context;
  SimpleRequest request;
  SimpleResponse response;
  request.mutable_response_status()->set_code(StatusCode::UNKNOWN);
  request.mutable_response_status()->set_message(message);
  return stub->UnaryCall(&context, request, &response);
}

void StatusCodeAndMessage(TestService::Stub* stub) {
  const std::string message = "test status message";
  ExpectStatus(UnaryEcho(stub, message), StatusCode::UNKNOWN, message);
  Context context;
  const auto talk = stub->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.mutable_response_status()->set_code(StatusCode::UNKNOWN);
  request.mutable_response_status()->set_message(message);
  Expect(talk->Write(request), "the call ended early");
  talk->WritesDone();
  ExpectSizes(talk.get(), {});
  ExpectStatus(talk->Finish(), StatusCode::UNKNOWN, message);
}

void SpecialStatusMessage(TestService::Stub* stub) {
  const std::string message =
      "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n";
  ExpectStatus(UnaryEcho(stub, message), StatusCode::UNKNOWN, message);
}

constexpr char kInitial[] = "test_initial_metadata_value";
constexpr char kTrailing[] = "\xab\xab\xab";

struct EchoContext : Context {
  EchoContext() {
    AddMetadata(interop::kEchoInitial, kInitial);
    AddMetadata(interop::kEchoTrailing, kTrailing);
  }

  void ExpectEcho() const {
    ExpectPair(GetServerInitialMetadata(), interop::kEchoInitial, kInitial);
    ExpectPair(GetServerTrailingMetadata(), interop::kEchoTrailing, kTrailing);
  }

  template <typename Metadata>
  static void ExpectPair(const Metadata& metadata, const std::string& name, const std::string& value) {
    const auto found = metadata.find(name);
    Expect(found != metadata.end(), name + " did not come back");
    Expect(
        std::string(found->second.data(), found->second.size()) == value,
        name + " came back with another value");
  }
};

void CustomMetadata(TestService::Stub* stub) {
  EchoContext unary;
  SimpleResponse response;
  ExpectStatus(stub->UnaryCall(&unary, Simple(), &response), StatusCode::OK);
  ExpectZeros(response, kLargeResponse);
  unary.ExpectEcho();
  EchoContext stream;
  const auto talk = stub->FullDuplexCall(&stream);
  Expect(talk->Write(Output({kLargeResponse}, kLargeRequest)), "the call ended early");
  talk->WritesDone();
  ExpectSizes(talk.get(), {kLargeResponse});
  ExpectStatus(talk->Finish(), StatusCode::OK);
  stream.ExpectEcho();
}

void UnimplementedMethod(TestService::Stub* stub) {
  Context context;
  Empty response;
  ExpectStatus(
      stub->UnimplementedCall(&context, Empty(), &response), StatusCode::UNIMPLEMENTED);
}

void TimeoutOnSleepingServer(TestService::Stub* stub) {
  Context context(std::chrono::milliseconds(1));
  const auto talk = stub->FullDuplexCall(&context);
  talk->Write(Output({}, 27182));
  StreamingOutputCallResponse response;
  Expect(!talk->Read(&response), "a response came that was not asked for");
  ExpectStatus(talk->Finish(), StatusCode::DEADLINE_EXCEEDED);
}

void ClientCompressedUnary(TestService::Stub* stub) {
  SimpleRequest request = Simple();
  // A server that cannot tell has to say so before the rest means anything.
  for (const auto& [announced, compressed, code] :
       std::vector<std::tuple<bool, bool, StatusCode>>{
           {true, false, StatusCode::INVALID_ARGUMENT},
           {true, true, StatusCode::OK},
           {false, false, StatusCode::OK}}) {
    request.mutable_expect_compressed()->set_value(announced);
    Context context;
    if (compressed) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    SimpleResponse response;
    ExpectStatus(stub->UnaryCall(&context, request, &response), code);
    if (code == StatusCode::OK) ExpectZeros(response, kLargeResponse);
  }
}

void ClientCompressedStreaming(TestService::Stub* stub) {
  auto announced = Input(27182);
  announced.mutable_expect_compressed()->set_value(true);
  StreamingInputCallResponse response;
  {
    Context context;
    const auto probe = stub->StreamingInputCall(&context, &response);
    probe->Write(announced);
    probe->WritesDone();
    ExpectStatus(probe->Finish(), StatusCode::INVALID_ARGUMENT);
  }
  Context context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const auto writer = stub->StreamingInputCall(&context, &response);
  Expect(writer->Write(announced), "the call ended early");
  auto plain = Input(45904);
  plain.mutable_expect_compressed()->set_value(false);
  Expect(
      writer->Write(plain, grpc::WriteOptions().set_no_compression()), "the call ended early");
  writer->WritesDone();
  ExpectStatus(writer->Finish(), StatusCode::OK);
  Expect(response.aggregated_payload_size() == 73086, "the server counted other bytes");
}

void ExpectCompressed(ClientContext* context, bool wanted) {
  Expect(
      interop::LastWasCompressed(context) == wanted,
      wanted ? "a response came uncompressed" : "a response came compressed");
}

void ServerCompressedUnary(TestService::Stub* stub) {
  for (const bool wanted : {true, false}) {
    auto request = Simple();
    request.mutable_response_compressed()->set_value(wanted);
    Context context;
    SimpleResponse response;
    ExpectStatus(stub->UnaryCall(&context, request, &response), StatusCode::OK);
    ExpectZeros(response, kLargeResponse);
    ExpectCompressed(&context, wanted);
  }
}

void ServerCompressedStreaming(TestService::Stub* stub) {
  auto request = Output({31415, 92653});
  request.mutable_response_parameters(0)->mutable_compressed()->set_value(true);
  request.mutable_response_parameters(1)->mutable_compressed()->set_value(false);
  Context context;
  const auto reader = stub->StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (const auto& wish : request.response_parameters()) {
    Expect(reader->Read(&response), "a response is missing");
    ExpectZeros(response, wish.size());
    ExpectCompressed(&context, wish.compressed().value());
  }
  ExpectSizes(reader.get(), {});
  ExpectStatus(reader->Finish(), StatusCode::OK);
}

const std::map<std::string, void (*)(TestService::Stub*)> kCases = {
    {"empty_unary", EmptyUnary},
    {"large_unary", LargeUnary},
    {"client_streaming", ClientStreaming},
    {"server_streaming", ServerStreaming},
    {"ping_pong", PingPong},
    {"half_duplex", HalfDuplex},
    {"empty_stream", EmptyStream},
    {"cancel_after_begin", CancelAfterBegin},
    {"cancel_after_first_response", CancelAfterFirstResponse},
    {"status_code_and_message", StatusCodeAndMessage},
    {"special_status_message", SpecialStatusMessage},
    {"custom_metadata", CustomMetadata},
    {"unimplemented_method", UnimplementedMethod},
    {"timeout_on_sleeping_server", TimeoutOnSleepingServer},
    {"client_compressed_unary", ClientCompressedUnary},
    {"client_compressed_streaming", ClientCompressedStreaming},
    {"server_compressed_unary", ServerCompressedUnary},
    {"server_compressed_streaming", ServerCompressedStreaming},
};

void UnimplementedService(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = grpc::testing::UnimplementedService::NewStub(channel);
  Context context;
  Empty response;
  ExpectStatus(
      stub->UnimplementedCall(&context, Empty(), &response), StatusCode::UNIMPLEMENTED);
}

bool Play(const std::string& name, const std::shared_ptr<grpc::Channel>& channel) {
  try {
    if (name == "unimplemented_service") {
      UnimplementedService(channel);
    } else {
      const auto stub = TestService::NewStub(channel);
      const auto found = kCases.find(name);
      Expect(found != kCases.end(), "no such case");
      found->second(stub.get());
    }
    std::cout << "ok " << name << std::endl;
    return true;
  } catch (const std::runtime_error& error) {
    std::cout << "failed " << name << ": " << error.what() << std::endl;
    return false;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const interop::Flags flags(
      count, arguments,
      {{"server_host", "localhost"}, {"server_port", ""}, {"use_tls", "false"}, {"ca_file", ""},
       {"test_case", ""}});
  auto credentials = grpc::InsecureChannelCredentials();
  if (flags.IsTrue("use_tls")) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = interop::ReadFile(flags["ca_file"]);
    credentials = grpc::SslCredentials(options);
  }
  const auto channel =
      grpc::CreateChannel(flags["server_host"] + ":" + flags["server_port"], credentials);
  bool all_passed = true;
  std::istringstream names(flags["test_case"]);
  for (std::string name; std::getline(names, name, ',');) all_passed &= Play(name, channel);
  return all_passed ? 0 : 1;
}
