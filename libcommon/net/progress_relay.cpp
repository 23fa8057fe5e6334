#include "net/progress_relay.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace p2p::net {

struct ProgressRelay::State {
  Reader reader;
  std::shared_ptr<ProgressQueue> queue{};

  void pull() const {
    if (!reader.has_room()) return queue->rest();
    if (auto batch = queue->take(); !batch.empty()) reader.take(std::move(batch));
  }
};

ProgressRelay::ProgressRelay(boost::asio::any_io_executor loop, Reader reader)
    : state_(std::make_shared<State>(State{std::move(reader)})) {
  auto wake = [loop = std::move(loop), weak = std::weak_ptr(state_)] {
    boost::asio::post(loop, [weak] {
      if (const auto state = weak.lock()) state->pull();
    });
  };
  state_->queue = std::make_shared<ProgressQueue>(std::move(wake));
}

ProgressRelay::~ProgressRelay() { state_->queue->close(); }

ProgressSinkPtr ProgressRelay::sink() const { return state_->queue; }

void ProgressRelay::pull() { state_->pull(); }

void ProgressRelay::finish() {
  auto batch = state_->queue->take();
  if (!state_->reader.has_room()) {
    batch.dropped += batch.values.size();
    batch.values.clear();
  }
  if (!batch.empty()) state_->reader.take(std::move(batch));
}

}  // namespace p2p::net
