// What is different between two inventories, for those who watch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "addresses/inventory.hpp"
#include "base/json.hpp"

namespace p2p::probe {

struct NetworkChange {
  std::string_view event{};  ///< `link-added`, `link-removed`, `link-up`, `link-down`, `address-added`, …
  std::string interface {};  ///< empty where it is about none
  std::string address{};     ///< with its prefix length, or a route's network; empty where it is about none
  std::string sentence{};    ///< `192.0.2.7/24 was removed from eth0`
};

/// What was lost comes first.
std::vector<NetworkChange> changes_between(const addresses::Inventory& before, const addresses::Inventory& after);
Json to_json(const NetworkChange& change);

/// `up`, `down` or `no carrier`.
std::string_view state_of(const addresses::Link& link);

}  // namespace p2p::probe
