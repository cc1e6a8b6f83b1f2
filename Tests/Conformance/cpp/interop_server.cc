// gRPC's interoperability TestService on gRPC C++, for our client to be judged by. Does what each
// request says; its flags are those of `interop-server`.
#include <algorithm>
#include <chrono>
#include <thread>

#include "interop.h"

namespace {

using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::testing::BoolValue;
using grpc::testing::Empty;
using grpc::testing::ResponseParameters;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

void EchoMetadata(ServerContext* context) {
  const auto& received = context->client_metadata();
  const auto initial = received.find(interop::kEchoInitial);
  if (initial != received.end()) {
    context->AddInitialMetadata(
        interop::kEchoInitial, {initial->second.data(), initial->second.size()});
  }
  const auto trailing = received.find(interop::kEchoTrailing);
  if (trailing != received.end()) {
    context->AddTrailingMetadata(
        interop::kEchoTrailing, {trailing->second.data(), trailing->second.size()});
  }
}

template <typename Request>
bool CameAsAnnounced(ServerContext* context, const Request& request) {
  return !request.has_expect_compressed() ||
         request.expect_compressed().value() == interop::LastWasCompressed(context);
}

const Status& NotAsAnnounced() {
  static const Status status(
      StatusCode::INVALID_ARGUMENT, "the request's compression is not as announced");
  return status;
}

template <typename Request>
bool AsksForError(const Request& request, Status* status) {
  if (!request.has_response_status() || request.response_status().code() == 0) return false;
  const auto& wanted = request.response_status();
  *status = Status(static_cast<StatusCode>(wanted.code()), wanted.message());
  return true;
}

void CompressIf(ServerContext* context, bool wanted) {
  context->set_compression_algorithm(wanted ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE);
}

template <typename Writer>
bool Answer(const StreamingOutputCallRequest& request, Writer* writer) {
  for (const auto& wish : request.response_parameters()) {
    std::this_thread::sleep_for(std::chrono::microseconds(wish.interval_us()));
    StreamingOutputCallResponse response;
    response.mutable_payload()->set_body(std::string(wish.size(), '\0'));
    grpc::WriteOptions options;
    if (!wish.compressed().value()) options.set_no_compression();
    if (!writer->Write(response, options)) return false;
  }
  return true;
}

// UnimplementedCall and CacheableUnaryCall are left to the generated base class.
class TestService final : public grpc::testing::TestService::Service {
  Status EmptyCall(ServerContext* context, const Empty*, Empty*) override {
    EchoMetadata(context);
    return Status::OK;
  }

  Status UnaryCall(
      ServerContext* context, const SimpleRequest* request, SimpleResponse* response) override {
    EchoMetadata(context);
    if (!CameAsAnnounced(context, *request)) return NotAsAnnounced();
    Status status;
    if (AsksForError(*request, &status)) return status;
    CompressIf(context, request->response_compressed().value());
    response->mutable_payload()->set_body(std::string(request->response_size(), '\0'));
    return Status::OK;
  }

  Status StreamingInputCall(
      ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* reader,
      StreamingInputCallResponse* response) override {
    EchoMetadata(context);
    StreamingInputCallRequest request;
    int byte_count = 0;
    while (reader->Read(&request)) {
      if (!CameAsAnnounced(context, request)) return NotAsAnnounced();
      byte_count += static_cast<int>(request.payload().body().size());
    }
    response->set_aggregated_payload_size(byte_count);
    return Status::OK;
  }

  Status StreamingOutputCall(
      ServerContext* context, const StreamingOutputCallRequest* request,
      grpc::ServerWriter<StreamingOutputCallResponse>* writer) override {
    EchoMetadata(context);
    Status status;
    if (AsksForError(*request, &status)) return status;
    const auto& wishes = request->response_parameters();
    CompressIf(context, std::any_of(wishes.begin(), wishes.end(), [](const auto& wish) {
                 return wish.compressed().value();
               }));
    return Answer(*request, writer) ? Status::OK : Status::CANCELLED;
  }

  Status FullDuplexCall(
      ServerContext* context,
      grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>* stream)
      override {
    EchoMetadata(context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      Status status;
      if (AsksForError(request, &status)) return status;
      if (!Answer(request, stream)) return Status::CANCELLED;
    }
    return Status::OK;
  }

  Status HalfDuplexCall(
      ServerContext* context,
      grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>* stream)
      override {
    EchoMetadata(context);
    std::vector<StreamingOutputCallRequest> requests;
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) requests.push_back(request);
    for (const auto& each : requests) {
      if (!Answer(each, stream)) return Status::CANCELLED;
    }
    return Status::OK;
  }
};

}  // namespace

int main(int count, char** arguments) {
  const interop::Flags flags(
      count, arguments,
      {{"port", "0"}, {"use_tls", "false"}, {"tls_cert", ""}, {"tls_key", ""}});
  auto credentials = grpc::InsecureServerCredentials();
  if (flags.IsTrue("use_tls")) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back(
        {interop::ReadFile(flags["tls_key"]), interop::ReadFile(flags["tls_cert"])});
    credentials = grpc::SslServerCredentials(options);
  }
  TestService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:" + flags["port"], credentials, &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server || port == 0) return 1;
  std::cout << "127.0.0.1:" << port << std::endl;
  server->Wait();
}
