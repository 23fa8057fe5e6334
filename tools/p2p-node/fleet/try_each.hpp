// A node has several addresses, and any of them may lead nowhere.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "net/client.hpp"

namespace p2p::node {

/// Runs `attempt(endpoint, address)`, an awaitable<bool>, for each address in turn until one gives true; false when
/// none did. What is no host:port is skipped. `attempt` must outlive the call.
template <class Attempt>
boost::asio::awaitable<bool> try_each(std::vector<std::string> addresses, Attempt& attempt) {
  for (const std::string& address : addresses) {
    const auto endpoint = net::parse_endpoint(address, 0);
    if (!endpoint) continue;
    if (co_await attempt(*endpoint, address)) co_return true;
  }
  co_return false;
}

}  // namespace p2p::node
