#include "addresses/loss.hpp"

#include <algorithm>
#include <iterator>

namespace p2p::addresses {
namespace {

std::vector<IpAddress> usable_addresses(const Inventory& inventory) {
  std::vector<IpAddress> out;
  for (const Address& address : inventory.addresses) {
    const Link* link = inventory.link(address.link);
    if (link != nullptr && link->is_running()) out.push_back(address.address);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

bool lose_link(Inventory& inventory, int index) {
  const bool was_there = std::erase_if(inventory.links, [&](const Link& link) { return link.index == index; }) != 0;
  if (!was_there) return false;
  std::erase_if(inventory.addresses, [&](const Address& address) { return address.link == index; });
  std::erase_if(inventory.routes, [&](const Route& route) { return route.link == index; });
  return true;
}

bool lose_address(Inventory& inventory, const Address& address) {
  return std::erase_if(inventory.addresses, [&](const Address& own) {
           return own.link == address.link && own.prefix_length == address.prefix_length &&
                  own.address.without_zone() == address.address.without_zone() && own.peer == address.peer;
         }) != 0;
}

bool lose_route(Inventory& inventory, const Route& route) { return std::erase(inventory.routes, route) != 0; }

bool lose_by_state(Inventory& inventory, const Link& link) {
  const auto found = std::find_if(inventory.links.begin(), inventory.links.end(),
                                  [&](const Link& known) { return known.index == link.index; });
  if (found == inventory.links.end() || !found->is_running() || link.is_running()) return false;
  found->is_up = link.is_up;
  found->has_carrier = link.has_carrier;
  found->oper_state = link.oper_state;
  return true;
}

std::vector<IpAddress> lost_addresses(const Inventory& before, const Inventory& after) {
  const auto had = usable_addresses(before), has = usable_addresses(after);
  std::vector<IpAddress> out;
  std::set_difference(had.begin(), had.end(), has.begin(), has.end(), std::back_inserter(out));
  return out;
}

}  // namespace p2p::addresses
