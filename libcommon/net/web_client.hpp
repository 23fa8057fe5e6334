// HTTP and HTTPS requests to servers outside the fleet: ACME directories, http-01 answers. Everything is bounded: time,
// size, redirects.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/http.hpp"
#include "net/url.hpp"
#include "net/web_trust.hpp"

namespace p2p::net {

/// How far a request came.
enum class WebStep : unsigned char {
  request,     ///< it cannot be sent as it is
  name,        ///< the host's name was not resolved
  connection,  ///< nobody answers there
  tls,         ///< the handshake failed, or the certificate is refused
  answer,      ///< the request was sent, perhaps in part; no whole answer came, or one over a limit
  redirect,    ///< the answer leads where the request must not go, or on and on
};

struct WebError {
  Error error;
  WebStep step = WebStep::request;
};
[[noreturn]] void throw_exception_from_error(const WebError& error, const boost::source_location& where);

struct WebRequest {
  Method method = Method::get;
  Url url;
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};          ///< the whole of it, redirects included
  std::chrono::milliseconds connect_timeout{10'000};  ///< of that for each connection: name, TCP, TLS
  std::size_t max_response_bytes = 1 << 20;
  /// Of GET and HEAD; past it the error is `too_large`. With 0 a redirect is an answer like any other.
  unsigned max_redirects = 0;
  /// Whoever named the host must not have this machine or its links asked: see is_never_remote(). `not_permitted`.
  bool only_remote = false;
  /// Asked for each redirect; an error ends the request. Empty: only to the same host, and never from https to http.
  std::function<Result<void>(const Url& from, const Url& to)> may_follow{};
};

/// One a task and loop; every member runs on that loop. Keeps the last few connections for its own life, so that the
/// requests of one task share them.
class WebClient {
 public:
  WebClient(boost::asio::any_io_executor executor, WebTrust trust);
  ~WebClient();
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  /// Errors: `unreachable`, `timeout`, `cancelled`, `damaged` (no HTTP), `too_large`, `not_permitted` (a redirect),
  /// `invalid` (what was asked for).
  boost::asio::awaitable<boost::system::result<Answer, WebError>> send(WebRequest request);

  /// Ends requests in flight with `cancelled`.
  void close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace p2p::net
