#include "services/admission.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace p2p::services {

namespace asio = boost::asio;

struct Admission::Waiter {
  explicit Waiter(const asio::any_io_executor& executor, Monotonic deadline) : timer(executor, deadline) {}
  asio::steady_timer timer;
  bool admitted = false;  // guarded by the admission's mutex
};

/// Leaves the queue, or gives the place back, however the wait ends.
struct Admission::Place {
  Admission& owner;
  std::shared_ptr<Waiter> waiter;
  bool taken = false;

  ~Place() {
    if (taken) return;
    {
      const std::lock_guard lock(owner.mutex_);
      std::erase(owner.waiting_, waiter);
      if (!waiter->admitted) return;
    }
    owner.leave();
  }
};

asio::awaitable<Result<Admission::Permit>> Admission::enter(Monotonic deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto waiter = std::make_shared<Waiter>(executor, deadline);
  {
    const std::lock_guard lock(mutex_);
    if (running_ < max_running_) {
      ++running_;
      co_return Permit(*this);
    }
    if (waiting_.size() >= max_waiting_) co_return Error(Errc::limited, "too many calls run and wait already");
    waiting_.push_back(waiter);
  }
  Place place{*this, waiter};
  co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  const std::lock_guard lock(mutex_);
  if (!waiter->admitted) {
    std::erase(waiting_, waiter);
    place.taken = true;
    co_return Error(Errc::timeout, "the deadline passed before it was this call's turn");
  }
  place.taken = true;
  co_return Permit(*this);
}

void Admission::leave() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    --running_;
    return;
  }
  const std::shared_ptr<Waiter> next = waiting_.front();
  waiting_.pop_front();
  next->admitted = true;
  // On its own loop: there the wait has begun, as nothing lies between queueing and waiting.
  asio::post(next->timer.get_executor(), [next] { next->timer.cancel(); });
}

}  // namespace p2p::services
