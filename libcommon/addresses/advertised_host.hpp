// Whether `advertise_address` is something that can be dialled as it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/client.hpp"

namespace p2p::addresses {

/// Its address or host name, with `port` where it has none; nothing where it is empty, a network, or the name of an
/// interface that this machine has now: then the inventory says which address is meant.
std::optional<net::Endpoint> advertised_host(std::string_view advertise_address, std::uint16_t port);

}  // namespace p2p::addresses
