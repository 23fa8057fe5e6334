// The pooled HTTP client of one loop, and the WebSocket dialler. Who dials knows whom it wants: the peer's identity is
// checked before anything is sent.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log_sink.hpp"
#include "net/channel.hpp"
#include "net/http.hpp"
#include "pki/identity.hpp"

namespace p2p::net {

class TlsContexts;

struct Endpoint {
  std::string host;  ///< DNS name or IP (IPv6 without brackets)
  std::uint16_t port = 0;
  /// `host:port`, IPv6 in brackets.
  std::string to_text() const;
  bool operator==(const Endpoint&) const = default;
};

/// `host:port`, `[v6]:port`, or `host` alone with `default_port`; `invalid` otherwise.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

/// Whom the dialler wants (DESIGN.md section 5).
struct ExpectedPeer {
  std::optional<std::string> node_id{};  ///< any node of the fleet with this name
  std::optional<pki::Role> role{};       ///< and this role
};

/// Takes of an answer's body what it wants.
using BodyTaker = std::function<Result<void>(Answer& so_far)>;

struct Call {
  Endpoint endpoint;
  ExpectedPeer peer;
  Method method = Method::get;
  std::string target;  ///< path and query
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};  ///< the whole call: resolve, connect, handshake, answer
  /// One of several addresses may be a black hole: resolving, connecting and the handshake get this much of `timeout`.
  std::chrono::milliseconds connect_timeout{10'000};
  /// Asks the peer itself, not a pooled connection that may have outlived it.
  bool fresh_connection = false;
  std::size_t max_response_bytes = 16 << 20;
  /// Called each time that some of the body has come; it may take from `body`, and what it leaves must stay below
  /// max_response_bytes. An error ends the call. May be empty.
  BodyTaker on_body{};
};

/// A failed call and whether the request may have reached the peer: only what was never sent is safe to retry.
struct CallError {
  Error error;
  bool sent = false;
};

[[noreturn]] void throw_exception_from_error(const CallError& error, const boost::source_location& where);

using CallResult = boost::system::result<Answer, CallError>;

/// One a loop; every member runs on that loop. Idle connections are kept per (endpoint, expected node) and dropped
/// after a time. The TLS contexts are asked for at each new connection, so that a reloaded certificate is used at once.
class Client {
 public:
  Client(boost::asio::any_io_executor executor, const TlsContexts& tls, LogSink& log);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  boost::asio::awaitable<CallResult> call(Call call);

  /// Dials a WebSocket at `target`; the channel lives on this loop.
  boost::asio::awaitable<Result<ChannelPtr>> open_channel(Endpoint endpoint, ExpectedPeer peer, std::string target,
                                                          Headers headers, ChannelLimits limits,
                                                          std::chrono::milliseconds timeout);

  /// Lets go of every connection to a peer that fits, such as one whose certificate was revoked: idle ones are closed,
  /// calls in flight end with `unreachable` and `why`, one clause; channels break.
  void drop(const std::function<bool(const auth::Caller&)>& predicate, const std::string& why);
  /// Closes idle connections and ends calls in flight with `cancelled`.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace p2p::net
