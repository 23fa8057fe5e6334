// The answer to a call that another loop works on. Such a call crosses as a message that is posted, and so does its
// answer: of Boost 1.81, a cancellation that crosses loops inside co_spawn may arrive when its target is gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace p2p::net {

/// Shared by the one who waits and the one who answers.
template <class Value>
class Reply : public std::enable_shared_from_this<Reply<Value>> {
 public:
  /// `caller` is the executor of the one who waits, at most until `until`.
  explicit Reply(const boost::asio::any_io_executor& caller, Monotonic until = Monotonic::max())
      : work_(caller), given_(caller, until) {}

  /// Any thread. What comes after the wait is lost.
  void give(Value value) {
    boost::asio::post(given_.get_executor(), [self = this->shared_from_this(), value = std::move(value)]() mutable {
      self->value_ = std::move(value);
      self->given_.cancel();
    });
  }

  /// On the caller's loop, once: none when the wait was cancelled or has taken too long. Whoever works on the answer is
  /// then to be told, as nobody wants it.
  boost::asio::awaitable<std::optional<Value>> wait() {
    const auto keep = this->shared_from_this();
    if (!value_) co_await given_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return std::move(value_);
  }

 private:
  /// The other loop may be the last to let go of this, so the caller's loop must not end before.
  const boost::asio::executor_work_guard<boost::asio::any_io_executor> work_;
  boost::asio::steady_timer given_;  // expires when the wait is over
  std::optional<Value> value_;
};

}  // namespace p2p::net
