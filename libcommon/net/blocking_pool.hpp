// Blocking work (SQLite, key derivation, DNS, large files) runs here, never on a loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace p2p::net {

class BlockingPool {
 public:
  explicit BlockingPool(std::size_t threads) : pool_(threads) {}
  ~BlockingPool() {
    pool_.stop();
    pool_.join();
  }

  /// Runs `work()` on a pool thread and resumes the caller on its own executor with the result. Everything that `work`
  /// captures must be owned by it: a cancelled caller does not stop it. `work` must not throw.
  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work&>> run(Work work) {
    auto task = invoke(std::move(work));
    co_return co_await boost::asio::co_spawn(pool_, std::move(task), boost::asio::use_awaitable);
  }

 private:
  template <class Work>
  static boost::asio::awaitable<std::invoke_result_t<Work&>> invoke(Work work) {
    co_return work();
  }
  boost::asio::thread_pool pool_;
};

}  // namespace p2p::net
