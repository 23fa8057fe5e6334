#include "addresses/inventory.hpp"

#include <algorithm>
#include <tuple>

namespace p2p::addresses {

bool Address::operator==(const Address& other) const {
  const auto facts = [](const Address& a) {
    return std::tie(a.link, a.address, a.prefix_length, a.peer, a.scope, a.is_tentative, a.is_duplicate,
                    a.is_deprecated, a.is_temporary, a.is_permanent);
  };
  return facts(*this) == facts(other);
}

const Link* Inventory::link(int index) const noexcept {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.index == index; });
  return found == links.end() ? nullptr : &*found;
}

const Link* Inventory::link(std::string_view name) const noexcept {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}

bool Inventory::owns(const IpAddress& address) const noexcept {
  return std::any_of(addresses.begin(), addresses.end(), [&](const Address& own) {
    if (address.zone().empty()) return own.address.without_zone() == address;
    return own.address == address;
  });
}

}  // namespace p2p::addresses
