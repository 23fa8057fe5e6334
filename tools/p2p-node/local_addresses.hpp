// The addresses under which this node announces itself.
#pragma once

#include <string>
#include <vector>

namespace p2p::node {

/// `host:port` texts, best first: the operator's `advertise_address` alone where given (with `port` where it names
/// none); the bind address where it is one; else every address of an interface that is up, IPv4 before IPv6, without
/// loopback and link-local ones unless there is nothing else.
std::vector<std::string> local_addresses(const std::string& advertise_address, const std::string& bind_address,
                                         unsigned short port);

}  // namespace p2p::node
