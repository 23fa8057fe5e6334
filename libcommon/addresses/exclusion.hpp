// Why an own address is not to be used, whatever the coordinators. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "addresses/rule.hpp"
#include "addresses/ways.hpp"

namespace p2p::addresses {

struct Excluding {
  Exclusion why = Exclusion::loopback;
  std::string reason{};  ///< one clause
};

/// By the state of link and address, and by where the node listens. None: it may be used.
std::optional<Excluding> excluded_by_state(const OwnAddress& own, const RankingFacts& facts);

/// Whether this is its interface, or its address with or without the zone.
bool is_called(std::string_view name, const Link& link, const IpAddress& address);
/// Where others than this are asked for.
std::optional<Excluding> excluded_by_question(const OwnAddress& own, const RankingFacts& facts);

/// By what the operator allows; without a word of his, none. Whether a name is an interface's, the inventory says.
std::optional<Excluding> excluded_by_operator(const OwnAddress& own, const Inventory& inventory,
                                              const RankingFacts& facts);

/// Where every coordinator of its family was tried from there, none was reached, and on the address of one at least
/// another machine answered.
std::optional<Excluding> excluded_by_peer(const OwnAddress& own, const RankingFacts& facts,
                                          const EvidenceFrom& evidence);

}  // namespace p2p::addresses
