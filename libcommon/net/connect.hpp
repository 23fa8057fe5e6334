// From a name and a port to a TCP connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "net/call_watch.hpp"
#include "net/client.hpp"

namespace p2p::net {

using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

/// At least one address, or `unreachable`. Gives up with the watch, though the lookup itself goes on: it cannot be
/// cancelled.
boost::asio::awaitable<Result<Addresses>> resolve(boost::asio::any_io_executor executor, const Endpoint& endpoint,
                                                  CallWatch& watch);

/// Loopback, link-local, multicast, and addresses that mean "this host" or nobody: nothing that a name of another
/// machine resolves to. Also as IPv4 within IPv6 (mapped, and by NAT64, RFC 6052).
bool is_never_remote(const boost::asio::ip::address& address);

/// Tries one after the other; each address gets an equal part of the time that is left. `endpoint` is for errors.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect(boost::asio::any_io_executor executor,
                                                                     const Endpoint& endpoint,
                                                                     const Addresses& addresses, CallWatch& watch);

/// Over one path: from an own address to one of another's, of the same family. The error's code is the system's (that
/// of bind(2) or connect(2)), or `timeout`; its text names neither address.
boost::asio::awaitable<Result<boost::asio::ip::tcp::socket>> connect_from(boost::asio::any_io_executor executor,
                                                                          boost::asio::ip::address source,
                                                                          boost::asio::ip::tcp::endpoint target,
                                                                          CallWatch& watch);

}  // namespace p2p::net
