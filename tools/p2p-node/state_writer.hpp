// When a file of the node's state is written: at once, soon, or now and then; one write at a time, in the pool.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log_sink.hpp"
#include "net/blocking_pool.hpp"
#include "net/task_group.hpp"

namespace p2p::node {

/// Control loop.
class StateWriter {
 public:
  struct Options {
    std::string what;                                       ///< for the log: "the gossip state"
    std::function<std::string()> encode;                    ///< the text as it is now; on the control loop
    std::function<Result<void>(const std::string&)> write;  ///< blocks; on a thread of the pool
  };
  /// References must outlive it.
  StateWriter(boost::asio::io_context& control, net::TaskGroup& tasks, net::BlockingPool& pool, Options options,
              LogSink& log);

  /// There is something that the file does not have yet.
  void changed() { dirty_ = true; }
  /// Writes in a task of its own.
  void save_soon();
  /// What is encoded now, or something newer, is in the file afterwards. An error is also logged, and is tried again by
  /// autosave().
  boost::asio::awaitable<Result<void>> save_now();
  /// Writes every `interval` when something changed, until cancelled.
  boost::asio::awaitable<void> autosave(std::chrono::milliseconds interval);

 private:
  boost::asio::awaitable<void> save_in_task();

  boost::asio::io_context& control_;
  net::TaskGroup& tasks_;
  net::BlockingPool& pool_;
  const Options options_;
  Logger log_;
  bool saving_ = false;
  bool queued_ = false;
  bool dirty_ = false;
  boost::asio::steady_timer finished_;  // cancelled at the end of each write
};

}  // namespace p2p::node
