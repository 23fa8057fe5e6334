// One long-lived process of a service of protocol `stdio`: started, served, started again when it dies, and ended in
// order. Everything happens on the loop that it was made with, one thread.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log_sink.hpp"
#include "services/last_words.hpp"
#include "services/process_watch.hpp"
#include "services/restart_policy.hpp"
#include "services/service_log.hpp"
#include "services/stdio_session.hpp"

namespace p2p::services {

/// A program that exits so waits for a change of its configuration (EX_CONFIG of sysexits.h).
inline constexpr int kExitConfiguration = 78;
/// Between the end of its input and SIGTERM, for a process that is to end.
inline constexpr std::chrono::milliseconds kInputGrace{5'000};
/// A process that ends closes its output a moment before; one that goes on after that is broken.
inline constexpr std::chrono::milliseconds kLastMoment{20};

class StdioInstance {
 public:
  struct Settings {
    Command command;
    StdioSession::Settings session;
    Restart restart;
    /// Kills what the process with this OrphanGuard::instance_mark() has left behind; may be empty.
    std::function<void(std::string_view)> sweep;
  };
  enum class State : unsigned char {
    starting,
    ready,    ///< takes calls
    waiting,  ///< to be started again
    parked,   ///< it exited with kExitConfiguration: it stays so
    ended,    ///< after stop()
  };

  /// `on_change` is called after each change of state() or degraded(); it must not run code of this object itself.
  /// References must outlive the instance.
  StdioInstance(boost::asio::any_io_executor loop, Settings settings, Random& random, LogSink& log,
                std::function<void()> on_change);

  /// Keeps a process running until stop(); once. Cancelled, it kills the process at once.
  boost::asio::awaitable<void> run();
  /// Ends the process: the end of its input, kInputGrace, SIGTERM to the group, kTerminateGrace, SIGKILL. Calls that
  /// are still under way get its last answers, else an error.
  void stop();

  State state() const { return state_; }
  /// It keeps dying, see RestartPolicy.
  bool degraded() const { return policy_.degraded(); }
  /// How often its process was started again.
  std::uint64_t restart_count() const { return restart_count_; }
  /// Of the process that runs now.
  std::optional<pid_t> pid() const;
  /// It was ready at least once.
  bool proven() const { return proven_; }
  /// Why it is not ready, for people, with the last that it said; empty while it starts for the first time.
  const std::string& trouble() const { return trouble_; }

  std::size_t in_flight() const { return session_ ? session_->in_flight() : 0; }
  bool has_room(std::size_t bytes) const { return session_ && session_->has_room(bytes); }
  /// In state ready; see StdioSession.
  std::uint64_t call(const StdioCall& call, StdioSession::OnAnswer on_answer);
  void cancel(std::uint64_t id);

 private:
  struct Ending;
  class Attendance;

  boost::asio::awaitable<std::optional<ExitStatus>> run_process();
  boost::asio::awaitable<void> serve(Process& process);
  boost::asio::awaitable<void> wait_until(Monotonic until);
  void advance(Process& process, Ending& ending, Monotonic now);
  void flush();
  void take_line(const std::string& line);
  void give_up_calls();
  void become(State state);

  boost::asio::any_io_executor loop_;
  Settings settings_;
  Logger log_;
  std::function<void()> on_change_;
  Random& random_;
  RestartPolicy policy_;
  ServiceLog output_log_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<StdioSession> session_;  // while a process runs
  Process* process_ = nullptr;             // likewise
  State state_ = State::starting;
  std::string trouble_;
  LastWords last_words_;  // of the process that runs, or ran last
  std::uint64_t restart_count_ = 0;
  bool proven_ = false;
  bool stopping_ = false;
};

}  // namespace p2p::services
