// The addresses under which this node announces itself.
#pragma once

#include <string>
#include <vector>

namespace p2p::node {

/// `host:port` texts, best first: the operator's `advertise_address` where it is an address or host (with `port` where
/// it names none), or the own addresses of the interface or network that it names; else the bind address where it is
/// one; else what addresses::rank() says of all own addresses, or the loopback where there is nothing else.
std::vector<std::string> local_addresses(const std::string& advertise_address, const std::string& bind_address,
                                         unsigned short port);

}  // namespace p2p::node
