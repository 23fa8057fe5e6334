// Structured background work: every task lives in a group, is cancelled with it, and is waited for (no detached work).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/log_sink.hpp"

namespace p2p::net {

/// Runs coroutines on one executor (one thread). Every member is called on that executor.
class TaskGroup {
 public:
  TaskGroup(boost::asio::any_io_executor executor, LogSink& log);
  ~TaskGroup();  ///< the group must be empty: co_await stop() before
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task; `name` appears in the log if it ends with an exception (which ends only this task).
  void start(std::string name, boost::asio::awaitable<void> task);
  /// Emits terminal cancellation to every task and refuses new ones.
  void cancel();
  /// Waits for all tasks to end by themselves, at most `limit`; true when they have.
  boost::asio::awaitable<bool> wait(std::chrono::milliseconds limit);
  /// cancel(), then waits for all tasks, at most `grace`; true when all have ended.
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace);
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::net
