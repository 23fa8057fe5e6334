// What sort of network an interface leads to, by its kind first and by its name last. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "addresses/inventory.hpp"

namespace p2p::addresses {

enum class LinkClass : unsigned char {
  loopback,
  lan,        ///< other machines are there
  vpn,        ///< a tunnel
  container,  ///< of containers or virtual machines on this one
};
/// `loopback`, `lan`, `vpn`, `container`.
std::string_view to_text(LinkClass value) noexcept;

struct LinkVerdict {
  int link = 0;
  LinkClass link_class = LinkClass::lan;
  std::string reason{};  ///< one clause for people: `its kind is wireguard`
};

/// One verdict a link, in the same order.
std::vector<LinkVerdict> classify(const Inventory& inventory);

}  // namespace p2p::addresses
