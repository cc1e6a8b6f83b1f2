// gRPC C++ with the callback interface, which its own documentation recommends for new code.
#include "common.h"
#include "echo.grpc.pb.h"

#include <deque>
#include <mutex>
#include <unordered_set>

namespace {

using google::protobuf::BytesValue;
using grpc::ByteBuffer;

// One followed call. Calls into gRPC are made without the lock.
class Follower final : public grpc::ServerWriteReactor<ByteBuffer> {
 public:
  void Tell(const ByteBuffer& message) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (ended_) return;
      waiting_.push_back(message);
      if (waiting_.size() > 1) return;
    }
    StartWrite(&waiting_.front());
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      waiting_.pop_front();
      if (ended_ || !ok || waiting_.empty()) return;
    }
    StartWrite(&waiting_.front());
  }

  void OnCancel() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override;

 private:
  std::mutex mutex_;
  std::deque<ByteBuffer> waiting_;
  bool ended_ = false;
};

std::mutex followers_mutex;
std::unordered_set<Follower*> followers;

void Follower::OnDone() {
  {
    std::lock_guard<std::mutex> lock(followers_mutex);
    followers.erase(this);
  }
  delete this;
}

using Base = bench::Echo::WithRawCallbackMethod_Follow<bench::Echo::WithCallbackMethod_Unary<
    bench::Echo::WithCallbackMethod_Publish<bench::Echo::Service>>>;

class EchoService final : public Base {
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const BytesValue* request,
                                  BytesValue* response) override {
    response->set_value(request->value());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<ByteBuffer>* Follow(grpc::CallbackServerContext*,
                                               const ByteBuffer*) override {
    auto* follower = new Follower();
    std::lock_guard<std::mutex> lock(followers_mutex);
    followers.insert(follower);
    follower->Tell(bench::Hello());
    return follower;
  }

  grpc::ServerUnaryReactor* Publish(grpc::CallbackServerContext* context,
                                    const BytesValue* request, BytesValue*) override {
    auto messages = bench::Messages(request->value());
    {
      std::lock_guard<std::mutex> lock(followers_mutex);
      for (const ByteBuffer& message : messages)
        for (Follower* follower : followers) follower->Tell(message);
    }
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
