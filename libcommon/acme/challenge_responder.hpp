// Answers http-01 (RFC 8555 section 8.3): an HTTP server that runs only while there are tokens to answer for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log_sink.hpp"
#include "net/server.hpp"

namespace p2p::acme {

/// Every member runs on the loop, except where said.
class ChallengeResponder {
 public:
  /// `bind_address` as in ServerOptions; port 0 is a free one. `loop` is run by one thread and outlives this.
  ChallengeResponder(boost::asio::io_context& loop, std::string bind_address, std::uint16_t port, LogSink& log);
  ~ChallengeResponder();  ///< stop() must have ended, or the loop be at rest
  ChallengeResponder(const ChallengeResponder&) = delete;
  ChallengeResponder& operator=(const ChallengeResponder&) = delete;

  /// `token` is answered with `key_authorization` from now on; the first one starts the server. The errors of
  /// net::Server::start, with the port named; `too_large` past 100 tokens.
  Result<void> serve(std::string token, std::string key_authorization);
  /// Forgets all tokens and closes the port. May be called whatever the state.
  boost::asio::awaitable<void> stop();
  /// The port that is listened on; 0 while none is.
  std::uint16_t port() const noexcept { return port_in_use_; }

 private:
  struct Tokens;
  Result<void> start();

  boost::asio::io_context& loop_;
  std::string bind_address_;
  std::uint16_t port_;
  LogSink& log_;
  std::shared_ptr<Tokens> tokens_;
  std::unique_ptr<net::Server> server_;
  std::uint16_t port_in_use_ = 0;
};

}  // namespace p2p::acme
