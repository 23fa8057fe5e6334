// Letting go of this node's own connections to others, on all loops.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "addresses/ip_address.hpp"
#include "net/client.hpp"
#include "net/loops.hpp"

namespace p2p::node {

/// Client::drop() on each loop, within a turn of it. Both must outlive what runs there.
void drop_connections(net::Loops& loops, const net::LoopLocal<net::Client>& clients,
                      std::function<bool(const auth::Caller&)> is_dropped, const std::string& why);

/// Those that begin at one of these own addresses.
void drop_connections_from(net::Loops& loops, const net::LoopLocal<net::Client>& clients,
                           std::vector<addresses::IpAddress> lost);

/// Those to this node at this address, without a port.
void drop_connections_to(net::Loops& loops, const net::LoopLocal<net::Client>& clients, std::string node_id,
                         const std::string& address);

}  // namespace p2p::node
