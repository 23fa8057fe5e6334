// Listening sockets: one a loop on one port, shared by the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace p2p::net {

struct Listeners {
  std::vector<int> sockets;  ///< listening, non-blocking; the caller owns them
  std::uint16_t port = 0;
  bool ipv6 = false;
};

/// Binds `count` sockets with SO_REUSEPORT. `exists` when anything else listens there (also with SO_REUSEPORT),
/// `not_permitted` for a port below the system's limit, `invalid` for what is no address or not one of this machine.
Result<Listeners> listen_on(const std::string& address, std::uint16_t port, std::size_t count);

}  // namespace p2p::net
