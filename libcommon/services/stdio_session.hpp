// The node's side of protocol `stdio` with one process: JSON-RPC 2.0, a message a line, calls answered in any order.
// man/p2p-service.5 is the reference. Pure: lines and time come in, bytes go out.
// A program may report the progress of a call, by the notification `$/progress` {"id": …, "value": …}.
//
// The node begins with the request `initialize`; its answer means ready. Then come calls, the notification `$/cancel`
// {"id": …} for one that nobody waits for any more, and now and then the request `$/ping`, which any answer satisfies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/progress.hpp"
#include "rpc/outcome.hpp"
#include "services/manifest.hpp"

namespace p2p::services {

/// An answer: a result of 1 MiB and its envelope.
inline constexpr std::size_t kMaxMessageBytes = (1 << 20) + 1024;
/// What may wait for a process that reads slowly; further calls are refused.
inline constexpr std::size_t kMaxPendingInputBytes = 4 << 20;

/// One call as a service sees it.
struct StdioCall {
  std::string method;  ///< without the service's name
  std::string params;  ///< JSON text; empty when absent
  std::string caller;  ///< `role/name`; may be empty
  /// The time that the call may take. While it runs, the process may be silent so long.
  std::chrono::milliseconds timeout{};
  ProgressSinkPtr progress{};  ///< may be null
};

class StdioSession {
 public:
  enum class Phase : unsigned char {
    starting,  ///< `initialize` is not answered yet
    ready,
    broken,  ///< the process has to be ended; flaw() says why
  };
  struct Settings {
    std::string service;   ///< for messages
    std::string greeting;  ///< params of `initialize`, JSON
    Health health;
  };
  using OnAnswer = std::function<void(rpc::Outcome)>;

  StdioSession(Settings settings, Monotonic now);

  Phase phase() const { return phase_; }
  const std::string& flaw() const { return flaw_; }
  /// A call with so much text fits what may wait.
  bool has_room(std::size_t bytes) const { return output_.empty() || output_.size() + bytes <= kMaxPendingInputBytes; }
  std::size_t in_flight() const { return calls_.size(); }

  /// Queues a call and returns its id. `on_answer` is called once, by receive() or fail_calls(), unless the call is
  /// cancelled before.
  std::uint64_t call(const StdioCall& call, OnAnswer on_answer);
  /// Nobody waits for the answer any more. Whether the call takes effect is unknown.
  void cancel(std::uint64_t id);
  /// Ends all calls with this error.
  void fail_calls(const rpc::RpcError& error);
  void set_broken(std::string flaw);

  /// One line of stdout without its newline; one of kMaxMessageBytes was cut. False when it is no message of the
  /// protocol: then it is for the log.
  bool receive(std::string_view line, Monotonic now);
  void tick(Monotonic now);
  Monotonic next_wakeup() const { return wakeup_; }

  /// What is to be written to stdin; the caller removes what it has written.
  std::string& output() { return output_; }

 private:
  struct Call {
    std::chrono::milliseconds timeout;
    OnAnswer on_answer;
    ProgressSinkPtr progress;
  };

  std::uint64_t request(std::string_view method, std::string_view params, std::string_view caller = {});
  bool receive_progress(std::string_view line);
  bool receive_oversized(std::string_view head);
  void take_greeting(const rpc::Outcome& outcome, Monotonic now);
  void finish(std::uint64_t id, rpc::Outcome outcome);
  void miss_ping(Monotonic now);

  Settings settings_;
  Phase phase_ = Phase::starting;
  std::string flaw_, output_;
  std::uint64_t last_id_ = 0;
  std::uint64_t initialize_id_ = 0;
  std::uint64_t ping_id_ = 0;  // 0: none is under way
  std::uint64_t missed_ = 0;
  Monotonic heard_, wakeup_;
  std::unordered_map<std::uint64_t, Call> calls_;
};

}  // namespace p2p::services
