// Two ends of a channel in memory, for tests of what runs over one: messages arrive in order, and either end can break.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <memory>
#include <utility>

#include "net/channel.hpp"

namespace p2p::test {

class MemoryChannel final : public net::Channel {
 public:
  /// Both ends live on `context`.
  static std::pair<std::shared_ptr<MemoryChannel>, std::shared_ptr<MemoryChannel>> make_pair(
      boost::asio::io_context& context) {
    auto a = std::make_shared<MemoryChannel>(context);
    auto b = std::make_shared<MemoryChannel>(context);
    a->other_ = b;
    b->other_ = a;
    return {a, b};
  }
  explicit MemoryChannel(boost::asio::io_context& context)
      : context_(context), arrival_(context, boost::asio::steady_timer::time_point::max()) {}

  boost::asio::awaitable<Result<net::Message>> receive() override {
    while (inbox_.empty() && !closed_) {
      co_await arrival_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    if (inbox_.empty()) co_return Error(Errc::unreachable, "the channel broke");
    net::Message message = std::move(inbox_.front());
    inbox_.pop_front();
    co_return message;
  }
  bool send(net::Message message) override {
    const auto other = other_.lock();
    if (closed_ || !other || other->closed_) return false;
    if (swallows) return true;
    other->inbox_.push_back(std::move(message));
    other->arrival_.cancel();
    return true;
  }
  std::size_t queued_bytes() const noexcept override { return 0; }
  /// As over a way that swallows what is sent, where it set `swallows`.
  void close(unsigned, std::string) override {
    if (!swallows) abort();
  }
  void abort() override {
    closed_ = true;
    arrival_.cancel();
    if (const auto other = other_.lock(); other && !other->closed_) other->abort();
  }
  boost::asio::any_io_executor executor() const override { return context_.get_executor(); }
  const auth::Caller& peer() const noexcept override { return peer_; }

  bool swallows = false;  ///< nothing that is sent arrives, and nobody is told

 private:
  boost::asio::io_context& context_;
  boost::asio::steady_timer arrival_;
  std::deque<net::Message> inbox_;
  std::weak_ptr<MemoryChannel> other_;
  auth::Caller peer_;
  bool closed_ = false;
};

}  // namespace p2p::test
