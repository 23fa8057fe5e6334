// Sends a copy of what a coordinator stores to an existing syslog server: RFC 5424 over TCP or TLS, in the order of
// commits, by a cursor of its own that outlives restarts, on a thread of its own.
//
// Every record arrives at least once, within what plain syslog allows: see SentWindow for what happens when the server
// goes, and after kill -9 of the node what was sent since the cursor was last saved (kForwardSaveInterval) is sent
// again. A server that is away is tried again with back-off; the backlog waits in the store, as long as that keeps it.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "logs/live_stream.hpp"
#include "net/client.hpp"
#include "net/web_trust.hpp"

namespace p2p::logs {

inline constexpr std::size_t kForwardRecords = 1000;  ///< sent in one piece
inline constexpr std::chrono::milliseconds kForwardSaveInterval{1000};
inline constexpr std::chrono::milliseconds kForwardConnectTimeout{10'000};
inline constexpr std::chrono::milliseconds kFirstForwardRetry{500}, kLastForwardRetry{30'000};
/// A server that takes nothing for so long is a trouble that is worth a word in /health.
inline constexpr std::chrono::seconds kForwardPatience{60};

struct ForwardOptions {
  net::Endpoint server;
  std::optional<net::WebTrust> trust{};  ///< none: plain TCP
  std::filesystem::path cursor_file;
};

/// What `tcp://HOST:PORT` or `tls://HOST:PORT` names; `roots` is PEM, or empty for the system's. The errors are of the
/// roots, and `invalid` for another form.
Result<ForwardOptions> forward_options(const std::string& target, const std::string& roots,
                                       std::filesystem::path cursor_file);

/// start() and stop() belong to one thread.
class LogForwarder {
 public:
  /// All must outlive it.
  LogForwarder(ForwardOptions options, LogAccess access, Random& random, LogSink& log);
  ~LogForwarder();  ///< stop()

  /// Without a cursor it begins with what is stored from now on; with one that has expired, or is of another store,
  /// with the oldest record that there is.
  void start();
  /// Ends the connection in order (within a second), and saves the cursor.
  void stop();

  // Any thread.

  bool is_connected() const { return connected_; }
  std::uint64_t sent_count() const { return sent_count_; }
  /// For how long the oldest record that the server has not taken has been stored; 0 when it has all.
  std::chrono::milliseconds lag() const;
  /// It lags because there is no connection, or nothing moves on it, for kForwardPatience or more.
  bool is_in_trouble() const;

 private:
  class Connection;
  struct State;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<Result<void>> load_cursor();
  boost::asio::awaitable<void> save_cursor();
  boost::asio::awaitable<Result<void>> serve_one_connection();
  boost::asio::awaitable<void> note_oldest();
  void note_taken();

  const ForwardOptions options_;
  LogAccess access_;
  Random& random_;
  Logger log_;
  std::unique_ptr<State> state_;
  std::atomic<bool> connected_{false};
  std::atomic<std::uint64_t> sent_count_{0};
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<WallTime> oldest_{WallTime{}};  // when the oldest that was not taken was stored; the epoch for none
  std::atomic<Monotonic> moved_{Monotonic{}};
};

}  // namespace p2p::logs
