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

void CallWatch::end(Error why) {
  if (!ended_) ended_ = std::move(why);
  if (state_->cancel) state_->cancel();
}

Error CallWatch::reason(const std::string& what, Error otherwise) const {
  if (ended_) return Error(ended_->code, what + ": " + ended_->context);
  if (over()) return Error(Errc::timeout, fmt::format("{}: no answer within {} ms", what, timeout_.count()));
  return otherwise;
}

}  // namespace p2p::net
