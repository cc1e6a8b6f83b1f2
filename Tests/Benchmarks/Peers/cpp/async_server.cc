// gRPC C++ with a completion queue: one queue and one thread, for a server that has one core. Many
// calls are asked for ahead, so that none waits for the loop to come round.
#include "common.h"
#include "echo.grpc.pb.h"

namespace {

using google::protobuf::BytesValue;

class Call {
 public:
  Call(bench::Echo::AsyncService* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), responder_(&context_) {
    service_->RequestUnary(&context_, &request_, &responder_, queue_, queue_, this);
  }

  void Proceed(bool ok) {
    if (!answered_ && ok) {
      new Call(service_, queue_);
      answered_ = true;
      responder_.Finish(request_, grpc::Status::OK, this);
    } else {
      delete this;
    }
  }

 private:
  bench::Echo::AsyncService* service_;
  grpc::ServerCompletionQueue* queue_;
  grpc::ServerContext context_;
  BytesValue request_;
  grpc::ServerAsyncResponseWriter<BytesValue> responder_;
  bool answered_ = false;
};

constexpr int kCallsAhead = 512;

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 64;
  bench::Echo::AsyncService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(arguments[1], bench::Credentials(count, arguments), &port);
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  for (int i = 0; i < kCallsAhead; ++i) new Call(&service, queue.get());
  bench::AnnounceReady(port);
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->Proceed(ok);
}
