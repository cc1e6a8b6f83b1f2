// gRPC C++ with the callback interface, which its own documentation recommends for new code.
#include "common.h"
#include "echo.grpc.pb.h"

namespace {

using google::protobuf::BytesValue;

class EchoService final : public bench::Echo::CallbackService {
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const BytesValue* request,
                                  BytesValue* response) override {
    response->set_value(request->value());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 64;
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(arguments[1], bench::Credentials(count, arguments), &port);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  bench::AnnounceReady(port);
  server->Wait();
}
