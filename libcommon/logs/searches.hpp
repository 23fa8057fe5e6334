// Where the log is searched: threads that do nothing else. What somebody looks for may take seconds, and neither a loop
// nor what the node has to do besides waits for it; who asks for much waits for himself, as everyone has his turn.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "logs/stored.hpp"
#include "net/blocking_pool.hpp"
#include "net/reply.hpp"

namespace p2p::logs {

inline constexpr std::size_t kSearchThreads = 2;

/// Any thread. Destroyed before the loops of those who wait.
class Searches {
 public:
  /// Set by who does not want the result any more.
  using GivenUp = std::shared_ptr<std::atomic<bool>>;

  explicit Searches(std::size_t threads = kSearchThreads) : pool_(threads) {}
  ~Searches() { stop(); }

  /// Runs `work(is_given_up)` when it is the turn of `asker`, and resumes the caller on its own executor with the
  /// Result that it returns (or `failed` for what it throws); `cancelled` where it was given up before it began. It is
  /// given up when the caller is
  /// cancelled, at stop(), and when `given_up` (which may be null) says so. What `work` captures must be owned by it or
  /// outlive this.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, const IsGivenUp&>> run(std::string asker, GivenUp given_up,
                                                                            Work work) {
    using Found = std::invoke_result_t<Work&, const IsGivenUp&>;
    const auto reply = std::make_shared<net::Reply<Found>>(co_await boost::asio::this_coro::executor);
    const Waiter waiter;
    IsGivenUp is_given_up = [this, left = waiter.left, given_up = std::move(given_up)] {
      return left->load() || stopped_.load() || (given_up != nullptr && given_up->load());
    };
    add(std::move(asker), [reply, is_given_up = std::move(is_given_up), work = std::move(work)]() mutable {
      try {
        if (is_given_up())
          reply->give(given_up_error());
        else
          reply->give(work(is_given_up));
      } catch (const std::exception& error) {
        reply->give(Error(Errc::failed, error.what()));
      }
    });
    auto waiting = reply->wait();
    auto found = co_await std::move(waiting);
    if (!found) co_return given_up_error();
    co_return std::move(*found);
  }

  /// Ends what runs, and refuses what waits or comes.
  void stop() { stopped_ = true; }

 private:
  using Job = std::function<void()>;
  /// Says that nobody waits any more, however the waiting ends.
  struct Waiter {
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { *left = true; }
    const GivenUp left = std::make_shared<std::atomic<bool>>(false);
  };

  static Error given_up_error();
  void add(std::string asker, Job job);
  void run_next();

  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::map<std::string, std::deque<Job>, std::less<>> waiting_;  // of each asker, none empty
  std::deque<std::string> turns_;                                // the keys of waiting_, who is next in front
  net::BlockingPool pool_;
};

}  // namespace p2p::logs
