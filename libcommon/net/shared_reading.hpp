// Something that is read in the pool, at most once at a time: who asks while a reading is under way shares it. So what
// hangs (a file system of the network) holds up one thread of the pool, and those who ask only for as long as they
// have patience.
#pragma once

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "net/blocking_pool.hpp"
#include "net/reply.hpp"

namespace p2p::net {

/// `Value` is copied to each who asks. Thread-safe.
template <class Value>
class SharedReading {
 public:
  /// `pool` must outlive it; `read` runs there, also after this is gone, and must not throw. `what` is named where it
  /// takes too long.
  SharedReading(BlockingPool& pool, std::string what, std::chrono::milliseconds patience, std::function<Value()> read)
      : pool_(pool), what_(std::move(what)), patience_(patience), state_(std::make_shared<State>()) {
    state_->read = std::move(read);
  }

  /// From any loop. `timeout` when it takes longer than the patience; at once where the reading under way has already.
  boost::asio::awaitable<Result<Value>> read() {
    const boost::asio::any_io_executor here = co_await boost::asio::this_coro::executor;
    const Monotonic now = std::chrono::steady_clock::now();
    const auto reply = std::make_shared<Reply<Value>>(here, now + patience_);
    const Error too_long(Errc::timeout, what_ + " takes too long");
    if (!state_->join(reply, now, patience_)) co_return too_long;
    if (state_->begin(now)) pool_.post([state = state_] { state->finish(state->read()); });
    auto waiting = reply->wait();
    auto value = co_await std::move(waiting);
    if (!value) co_return too_long;
    co_return std::move(*value);
  }

 private:
  struct State {
    std::function<Value()> read;
    std::mutex mutex;  // guards what follows
    bool under_way = false;
    Monotonic begun{};
    std::vector<std::weak_ptr<Reply<Value>>> waiting;

    bool join(const std::shared_ptr<Reply<Value>>& reply, Monotonic now, std::chrono::milliseconds patience) {
      const std::lock_guard lock(mutex);
      std::erase_if(waiting, [](const auto& other) { return other.expired(); });
      if (under_way && now - begun > patience) return false;
      waiting.push_back(reply);
      return true;
    }
    bool begin(Monotonic now) {
      const std::lock_guard lock(mutex);
      if (std::exchange(under_way, true)) return false;
      begun = now;
      return true;
    }
    void finish(const Value& value) {
      std::vector<std::weak_ptr<Reply<Value>>> to_tell;
      {
        const std::lock_guard lock(mutex);
        under_way = false;
        to_tell.swap(waiting);
      }
      for (const auto& one : to_tell) {
        if (const auto reply = one.lock()) reply->give(value);
      }
    }
  };

  BlockingPool& pool_;
  const std::string what_;
  const std::chrono::milliseconds patience_;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::net
