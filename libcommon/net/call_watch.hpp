// What ends a call early: its time, the client's close, or that its peer is no longer good. One a call, on the client's
// loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth/permission.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::net {

class CallWatch : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  CallWatch(const boost::asio::any_io_executor& executor, std::chrono::milliseconds timeout);
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  /// What the call waits for now, and how that is ended; until the next call of this or release().
  void guard(std::function<void()> cancel) { state_->cancel = std::move(cancel); }
  void release() { state_->cancel = nullptr; }
  /// One step may take a part of the time alone; whole() gives back the rest.
  void slice(Monotonic until) { arm(std::min(until, deadline_)); }
  void whole() { arm(deadline_); }

  /// With whom the call is under way, once that is known; nullptr, or valid until the next call of this.
  void set_peer(const auth::Caller* peer) { peer_ = peer; }
  const auth::Caller* peer() const { return peer_; }

  /// Ends the call with this error, and `what` (see reason()) before its text.
  void end(Error why);
  bool over() const { return ended_ || std::chrono::steady_clock::now() >= deadline_; }
  Monotonic deadline() const { return deadline_; }
  /// What ended it early, a `timeout` included, else `otherwise`.
  Error reason(const std::string& what, Error otherwise) const;

 private:
  struct State {
    std::function<void()> cancel;
  };
  void arm(Monotonic until);

  boost::asio::steady_timer timer_;
  std::chrono::milliseconds timeout_;
  Monotonic deadline_;
  std::optional<Error> ended_;
  const auth::Caller* peer_ = nullptr;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

using CallWatches = boost::intrusive::list<CallWatch, boost::intrusive::constant_time_size<false>>;

}  // namespace p2p::net
