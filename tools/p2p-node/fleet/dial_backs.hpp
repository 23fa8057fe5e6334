// `POST /cluster/dial-back` of a coordinator: it tells who asks the address that it saw, and dials a node back, so that
// "I can reach it" and "it can reach me" are two facts.
//
// Whoever asks makes this machine open a connection, so it goes only to the very address that the request came from,
// speaks TLS alone, sends nothing after the handshake, ends within kDialBackTime, and is limited by DialBackGate. The
// asking node is the one that a certificate on this connection has shown.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <mutex>

#include "addresses/dial_back_gate.hpp"
#include "addresses/dial_back_message.hpp"
#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "base/random.hpp"
#include "net/router.hpp"
#include "net/tls.hpp"

namespace p2p::node {

inline constexpr std::chrono::milliseconds kDialBackTime{2'000};

/// Its handler runs on the session loops.
class DialBacks {
 public:
  /// References must outlive it.
  DialBacks(const net::TlsContexts& tls, Random& random, const Clock& clock, LogSink& log);

  /// It must outlive the router.
  void add_route(net::Router& router);

 private:
  boost::asio::awaitable<net::Response> answer(const net::Request& request);
  boost::asio::awaitable<void> dial(const net::Request& request, std::uint16_t port, addresses::DialBackAnswer& into);

  const net::TlsContexts& tls_;
  const Clock& clock_;
  Logger log_;
  std::mutex mutex_;  // guards gate_
  addresses::DialBackGate gate_;
};

}  // namespace p2p::node
