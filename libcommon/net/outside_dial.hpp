// A connection to a server outside the fleet that speaks another protocol than HTTP, such as a syslog server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>

#include "net/call_watch.hpp"
#include "net/stream.hpp"
#include "net/web_trust.hpp"

namespace p2p::net {

/// Resolves, connects and, where `trust` is given, makes TLS with a peer that it accepts by the endpoint's host; within
/// the watch's time. `traffic` outlives the stream.
boost::asio::awaitable<Result<std::unique_ptr<Stream>>> dial_outside(boost::asio::any_io_executor executor,
                                                                     std::optional<WebTrust> trust, Endpoint endpoint,
                                                                     Traffic& traffic, CallWatch& watch);

/// The last part of that: TLS with a peer that `trust` accepts by `host`, on a connection on which nothing was sent.
/// The error's text names no address; `timeout` when the watch's time is over.
boost::asio::awaitable<Result<std::unique_ptr<Stream>>> secure_outside(boost::asio::ip::tcp::socket socket,
                                                                       WebTrust trust, std::string host,
                                                                       Traffic& traffic, CallWatch& watch);

}  // namespace p2p::net
