// Why an own address is not to be used, whatever the coordinators. Pure.
#pragma once

#include <optional>
#include <string>

#include "addresses/rule.hpp"
#include "addresses/ways.hpp"

namespace p2p::addresses {

struct Excluding {
  Exclusion why = Exclusion::loopback;
  std::string reason{};  ///< one clause
};

/// By the state of link and address, and by where the node listens. None: it may be used.
std::optional<Excluding> excluded_by_state(const OwnAddress& own, const RankingFacts& facts);

/// By what the operator allows; without a word of his, none. Whether a name is an interface's, the inventory says.
std::optional<Excluding> excluded_by_operator(const OwnAddress& own, const Inventory& inventory,
                                              const RankingFacts& facts);

/// Where another machine answered on the address of each coordinator that was tried from there.
std::optional<Excluding> excluded_by_peer(const OwnAddress& own, const RankingFacts& facts);

}  // namespace p2p::addresses
