// When the state of membership is written: at once when the own incarnation rose, else now and then. Runs on the
// control loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "membership/membership.hpp"
#include "net/task_group.hpp"

namespace p2p::node {

class GossipState {
 public:
  /// Writes the state; called again only after it has returned.
  using Save = std::function<boost::asio::awaitable<Result<void>>(std::string state)>;

  /// References must outlive it.
  GossipState(boost::asio::io_context& control, const membership::Membership& membership, net::TaskGroup& tasks,
              Save save, LogSink& log);

  /// There is something that the file does not have yet.
  void changed() { dirty_ = true; }
  /// Writes in a task of its own, once more when a write is under way.
  void save_soon();
  /// Writes now; for shutdown.
  boost::asio::awaitable<void> save_now();
  /// Writes every `interval` when something changed, until cancelled.
  boost::asio::awaitable<void> autosave(std::chrono::milliseconds interval);

 private:
  boost::asio::awaitable<void> save_loop();

  boost::asio::io_context& control_;
  const membership::Membership& membership_;
  net::TaskGroup& tasks_;
  Save save_;
  Logger log_;
  bool saving_ = false;
  bool wanted_ = false;
  bool dirty_ = false;
};

}  // namespace p2p::node
