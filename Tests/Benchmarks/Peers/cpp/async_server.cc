// gRPC C++ with a completion queue: one queue and one thread, for a server that has one core. Many
// calls are asked for ahead, so that none waits for the loop to come round.
#include "common.h"
#include "echo.grpc.pb.h"

#include <deque>
#include <unordered_set>

namespace {

using google::protobuf::BytesValue;
using grpc::ByteBuffer;
using Service = bench::Echo::WithRawMethod_Follow<bench::Echo::WithAsyncMethod_Unary<
    bench::Echo::WithAsyncMethod_Publish<bench::Echo::Service>>>;

class Event {
 public:
  virtual ~Event() = default;
  virtual void Proceed(bool ok) = 0;
};

class Unary final : public Event {
 public:
  Unary(Service* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), responder_(&context_) {
    service_->RequestUnary(&context_, &request_, &responder_, queue_, queue_, this);
  }

  void Proceed(bool ok) override {
    if (!answered_ && ok) {
      new Unary(service_, queue_);
      answered_ = true;
      responder_.Finish(request_, grpc::Status::OK, this);
    } else {
      delete this;
    }
  }

 private:
  Service* service_;
  grpc::ServerCompletionQueue* queue_;
  grpc::ServerContext context_;
  BytesValue request_;
  grpc::ServerAsyncResponseWriter<BytesValue> responder_;
  bool answered_ = false;
};

class Follower;
std::unordered_set<Follower*> followers;

class Follower final : public Event {
 public:
  Follower(Service* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), writer_(&context_) {
    service_->RequestFollow(&context_, &request_, &writer_, queue_, queue_, this);
  }

  ~Follower() override { followers.erase(this); }

  void Tell(const ByteBuffer& message) {
    waiting_.push_back(message);
    if (waiting_.size() == 1) writer_.Write(waiting_.front(), this);
  }

  void Proceed(bool ok) override {
    if (!ok) {
      delete this;
    } else if (!began_) {
      began_ = true;
      new Follower(service_, queue_);
      followers.insert(this);
      Tell(bench::Hello());
    } else {
      waiting_.pop_front();
      if (!waiting_.empty()) writer_.Write(waiting_.front(), this);
    }
  }

 private:
  Service* service_;
  grpc::ServerCompletionQueue* queue_;
  grpc::ServerContext context_;
  ByteBuffer request_;
  grpc::ServerAsyncWriter<ByteBuffer> writer_;
  std::deque<ByteBuffer> waiting_;
  bool began_ = false;
};

class Publish final : public Event {
 public:
  Publish(Service* service, grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue), responder_(&context_) {
    service_->RequestPublish(&context_, &request_, &responder_, queue_, queue_, this);
  }

  void Proceed(bool ok) override {
    if (!answered_ && ok) {
      new Publish(service_, queue_);
      answered_ = true;
      for (const ByteBuffer& message : bench::Messages(request_.value()))
        for (Follower* follower : followers) follower->Tell(message);
      responder_.Finish(BytesValue(), grpc::Status::OK, this);
    } else {
      delete this;
    }
  }

 private:
  Service* service_;
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
  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(arguments[1], bench::Credentials(count, arguments), &port);
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  for (int i = 0; i < kCallsAhead; ++i) {
    new Unary(&service, queue.get());
    new Follower(&service, queue.get());
  }
  new Publish(&service, queue.get());
  bench::AnnounceReady(port);
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Event*>(tag)->Proceed(ok);
}
