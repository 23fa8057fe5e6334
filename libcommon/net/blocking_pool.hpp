// Blocking work (SQLite, key derivation, DNS, large files) runs here, never on a loop.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "net/run_on.hpp"

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
    return run_on(pool_.get_executor(), std::move(work));
  }
  /// Runs `work()` on a pool thread; nobody waits for it. The same holds for `work`.
  template <class Work>
  void post(Work work) {
    boost::asio::post(pool_, std::move(work));
  }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace p2p::net
