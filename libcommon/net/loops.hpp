// The event loops of a process: one control loop, which owns membership, services, logs and storage, and the session
// loops, which own connections (DESIGN.md section 3). Each is one thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace p2p::net {

class Loops {
 public:
  /// At least one session loop is made.
  explicit Loops(std::size_t session_count);
  /// stop(), then join.
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  boost::asio::io_context& control() noexcept { return *loops_.front(); }
  std::size_t session_count() const noexcept { return loops_.size() - 1; }
  boost::asio::io_context& session(std::size_t index) { return *loops_.at(index + 1); }
  /// The control loop first, then the session loops: the order of LoopLocal.
  std::vector<boost::asio::io_context*> all();
  std::vector<boost::asio::io_context*> sessions();

  /// Starts a thread for each session loop; once.
  void start();
  /// Runs the control loop on the calling thread until stop(). An exception that leaves a handler leaves run(); one on
  /// a session loop ends the process, as nobody could say what it left behind.
  void run();
  /// Any thread. Work that has not run stays undone; shutdown in order is the owner's part before this.
  void stop();
  /// Waits for the session threads; after stop(), not on a loop.
  void join();

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<std::thread> threads_;
};

/// Which loop the calling thread runs, as in Loops::all(): 0 is the control loop; none elsewhere.
std::optional<std::size_t> current_loop_index() noexcept;

/// One object a loop, such as its Client: here() is the one of the loop that asks.
template <class T>
class LoopLocal {
 public:
  /// `make(io_context&)` gives a unique_ptr for each loop in turn.
  template <class Make>
  LoopLocal(Loops& loops, Make make) {
    for (auto* loop : loops.all()) objects_.push_back(make(*loop));
  }
  T& here() const {
    const auto index = current_loop_index();
    if (!index) throw std::logic_error("not on a loop");
    return *objects_.at(*index);
  }
  T& of_control() const { return *objects_.front(); }
  auto begin() const { return objects_.begin(); }
  auto end() const { return objects_.end(); }

 private:
  std::vector<std::unique_ptr<T>> objects_;
};

}  // namespace p2p::net
