// What a notice takes away from an inventory. Pure.
#pragma once

#include <vector>

#include "addresses/inventory.hpp"

namespace p2p::addresses {

/// Each takes it out, and says whether anything was there to be lost.
bool lose_link(Inventory& inventory, int index);
bool lose_address(Inventory& inventory, const Address& address);
bool lose_route(Inventory& inventory, const Route& route);
/// The link as it is now: true where it ran before and does not any more. What it gained is left to the next reading.
bool lose_by_state(Inventory& inventory, const Link& link);

/// The addresses, link-local ones with their zone, from which packets could be sent before and cannot any more: none of
/// the links that run has them now.
std::vector<IpAddress> lost_addresses(const Inventory& before, const Inventory& after);

}  // namespace p2p::addresses
