// The HTTP and WebSocket server of a node: one port, every session loop listening on it for itself.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/permission.hpp"
#include "base/log_sink.hpp"
#include "net/request_counters.hpp"
#include "net/router.hpp"

namespace p2p::net {

class TlsContexts;

/// Times and counts past which a client is let go (DESIGN.md section 6). Kept by a sweep, so a time may be passed by up
/// to `sweep`.
struct ServerLimits {
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds head{10'000};  ///< from a request's first byte to the end of its head
  std::chrono::milliseconds idle{75'000};
  std::chrono::milliseconds body{30'000};   ///< and what its bytes take at the slowest rate
  std::chrono::milliseconds write{30'000};  ///< likewise
  std::size_t slowest_bytes_per_second = 64 << 10;
  std::chrono::milliseconds linger{2'000};  ///< reading what a refused client still sends
  std::chrono::milliseconds default_request_timeout{30'000};
  std::chrono::milliseconds max_request_timeout{600'000};
  /// How long after its deadline a handler may still answer in its own words before it is cancelled.
  std::chrono::milliseconds handler_grace{2'000};
  std::chrono::milliseconds sweep{500};
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_address = 256;  ///< peers of `p2p/1` do not count
  std::size_t max_connections_from_loopback = 4'096;
};

/// Establishes who asks from the request: by bearer token or session cookie where no certificate did, and by session
/// cookie also where one did, as the session may do less. Fills identity and scopes of the caller and returns success;
/// success without an identity leaves the caller anonymous. An error means that credentials were given and are bad: 401
/// for those of `Authorization`, and for a session that is `not_found`, else 403; or with `limited` that they were not
/// even looked at, as the address has used up its limit of the class (429). Runs on session loops, must not block.
using Authenticator = std::function<Result<void>(const Request&, LimitClass, auth::Caller&)>;
/// After how long to come back, when one more request of this class is over the caller's limit.
using RateLimiter = std::function<std::optional<std::chrono::seconds>(const auth::Caller&, LimitClass)>;

/// Hears of each request whose head could be read, once its answer is known: the status, and the request as its handler
/// left it. Runs on session loops, must not block.
using AnswerObserver = std::function<void(const Request&, unsigned status)>;

struct ServerOptions {
  std::string bind_address = "0.0.0.0";  ///< an IPv4 or IPv6 address; "::" takes both
  std::uint16_t port = 0;                ///< 0: a free one
  ServerLimits limits{};
  Authenticator authenticate{};  ///< may be empty
  RateLimiter limit{};           ///< may be empty
  AnswerObserver answered{};     ///< may be empty
};

/// Sums over the server's life, except for what is open now.
struct ServerCounters {
  std::uint64_t connections = 0;
  std::uint64_t refused_connections = 0;  ///< over a cap
  std::uint64_t open_connections = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t failed_handshakes = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_in_flight = 0;  ///< now, without WebSockets
  std::uint64_t open_channels = 0;       ///< WebSockets
  RequestFiguresByClass requests_by_class{};
  std::uint64_t bytes_received = 0;  ///< on the wire, TLS included
  std::uint64_t bytes_sent = 0;
};

class Server {
 public:
  /// `loops` outlive the server, each run by one thread. Without `tls` it speaks plain HTTP (loopback only is the
  /// caller's rule). The server must be stopped, or its loops be at rest, before it is destroyed.
  Server(std::vector<boost::asio::io_context*> loops, Router router, const TlsContexts* tls, ServerOptions options,
         LogSink& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and begins to accept; the port. Once, from any thread. `exists` when the port is in use, `not_permitted` for
  /// a port that needs rights, `invalid` for a bad address or contexts without an own certificate.
  Result<std::uint16_t> start();
  /// Stops accepting, closes idle connections, lets running requests finish within `grace` and closes channels with
  /// 1001; then cancels what is left. True when nothing had to be cancelled. From any executor.
  boost::asio::awaitable<bool> stop(std::chrono::milliseconds grace);
  /// Drops, soon, every connection whose caller fits: a revoked certificate, a channel or a call under way of a revoked
  /// token. Any thread; `predicate` runs on the session loops.
  void drop_connections(std::function<bool(const auth::Caller&)> predicate);
  /// Any thread.
  ServerCounters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::net
