// How many calls of a method run at once, and how many wait for their turn: past both, a call is refused at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace p2p::services {

/// Thread-safe; waiting calls may belong to several loops, each of one thread. Outlives its permits.
class Admission {
 public:
  Admission(std::size_t max_running, std::size_t max_waiting) : max_running_(max_running), max_waiting_(max_waiting) {}

  /// A place among the running, given back by its destruction.
  class Permit {
   public:
    Permit() = default;  ///< holds nothing
    explicit Permit(Admission& owner) : owner_(&owner) {}
    Permit(Permit&& other) noexcept : owner_(other.owner_) { other.owner_ = nullptr; }
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (owner_ != nullptr) owner_->leave();
    }

   private:
    Admission* owner_ = nullptr;
  };

  /// Waits in order of arrival; `limited` when the queue is full, `timeout` at the deadline.
  boost::asio::awaitable<Result<Permit>> enter(Monotonic deadline);

 private:
  struct Waiter;
  struct Place;
  void leave();

  const std::size_t max_running_, max_waiting_;
  std::mutex mutex_;
  std::size_t running_ = 0;
  std::deque<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace p2p::services
