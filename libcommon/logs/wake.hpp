// A wait on one executor that any thread can end.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>

namespace p2p::logs {

/// Owned by a shared_ptr, because what notify() posted may outlive the waiter. Everything but notify() runs on the
/// executor, one coroutine at a time: arm(), look for work, and only if there is none wait().
class Wake : public std::enable_shared_from_this<Wake> {
 public:
  explicit Wake(const boost::asio::any_io_executor& executor) : timer_(executor) {}

  void arm() { pending_.store(false); }
  /// Any thread.
  void notify() {
    if (pending_.exchange(true)) return;
    boost::asio::post(timer_.get_executor(), [self = shared_from_this()] { self->timer_.cancel(); });
  }
  /// Returns at `until`, or early when notify() was called since arm().
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point until) {
    if (pending_.load()) co_return;
    timer_.expires_at(until);
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  boost::asio::steady_timer timer_;
  std::atomic<bool> pending_{false};
};

}  // namespace p2p::logs
