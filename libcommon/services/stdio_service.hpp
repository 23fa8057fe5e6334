// A service of protocol `stdio`: its processes, and the calls that wait for one of them. Calls come from any loop;
// everything else happens on the loop that it was made with (the control loop).
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "rpc/registry.hpp"
#include "services/service_command.hpp"
#include "services/stdio_instance.hpp"

namespace p2p::services {

/// How long calls under way may go on when their service is to end.
inline constexpr std::chrono::milliseconds kDrainLimit{30'000};

class StdioService {
 public:
  enum class State : unsigned char {
    starting,  ///< no process has been ready yet
    running,   ///< also while a process that died is being started again
    degraded,  ///< its processes keep dying; still tried
    error,     ///< its processes wait for a change of their configuration
  };

  /// `on_change` is called on the control loop after a change of state(), and must not end this object itself.
  /// References must outlive it.
  StdioService(boost::asio::any_io_executor control, const ServiceFolder& folder, const NodeFacts& node, Random& random,
               LogSink& log, std::function<void()> on_change);

  /// Runs the processes until stop(); once. The predecessor, if any, is stopped first, and calls that it has not passed
  /// on come over at once. Control loop.
  static boost::asio::awaitable<void> run(std::shared_ptr<StdioService> service,
                                          std::shared_ptr<StdioService> predecessor);
  /// Lets calls under way end for at most `drain`, ends the processes, and returns when run() has ended. Control loop.
  static boost::asio::awaitable<void> stop(std::shared_ptr<StdioService> service, std::chrono::milliseconds drain);

  State state() const;
  /// Why it is degraded or in error, for people.
  std::string trouble() const;
  bool ended() const { return ended_; }
  /// How often one of its processes died and was started again.
  std::uint64_t restart_count() const;
  /// Of its processes that run now.
  std::vector<pid_t> pids() const;

  /// As the registry wants it; `service` is owned by the handlers.
  static rpc::Service describe(const std::shared_ptr<StdioService>& service);

 private:
  struct Call;

  static boost::asio::awaitable<rpc::Outcome> call(std::shared_ptr<StdioService> service, rpc::CallContext context);
  void begin(const std::shared_ptr<Call>& call);
  void send(const std::shared_ptr<Call>& call, StdioInstance& instance);
  void abandon(const std::shared_ptr<Call>& call);
  /// The least busy process that takes calls.
  StdioInstance* choose() const;
  /// No process will take a call before long.
  bool is_hopeless() const;
  void instance_changed();
  void pass_on_waiting();
  void note_end();
  std::size_t in_flight() const;
  void end();
  rpc::RpcError hopeless() const;

  boost::asio::any_io_executor control_;
  Manifest manifest_;
  std::function<void()> on_change_;
  std::vector<std::unique_ptr<StdioInstance>> instances_;
  std::deque<std::shared_ptr<Call>> waiting_;
  std::shared_ptr<StdioService> successor_;
  boost::asio::steady_timer drained_, end_;  // cancelled when that has come
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace p2p::services
