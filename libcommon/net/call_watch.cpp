#include "net/call_watch.hpp"

#include <fmt/format.h>

namespace p2p::net {

CallWatch::CallWatch(const boost::asio::any_io_executor& executor, std::chrono::milliseconds timeout)
    : timer_(executor), timeout_(timeout), deadline_(std::chrono::steady_clock::now() + timeout) {
  arm(deadline_);
}

CallWatch::~CallWatch() { release(); }

void CallWatch::arm(Monotonic until) {
  timer_.expires_at(until);
  timer_.async_wait([state = std::weak_ptr(state_)](const boost::system::error_code& error) {
    const auto alive = state.lock();
    if (!error && alive && alive->cancel) alive->cancel();
  });
}

void CallWatch::close() {
  closed_ = true;
  if (state_->cancel) state_->cancel();
}

Error CallWatch::reason(const std::string& what, Error otherwise) const {
  if (closed_) return Error(Errc::cancelled, what + ": the call was cancelled");
  if (over()) return Error(Errc::timeout, fmt::format("{}: no answer within {} ms", what, timeout_.count()));
  return otherwise;
}

}  // namespace p2p::net
