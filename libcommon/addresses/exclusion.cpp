#include "addresses/exclusion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::addresses {
namespace {

/// What the operator wrote out is taken even where it would not be chosen unasked.
bool is_named(const OwnAddress& own, const RankingFacts& facts) {
  return facts.advertised && facts.advertised->form == Advertised::Form::address &&
         facts.advertised->address == own.address->address.without_zone();
}

bool listens_on(const IpAddress& address, const std::optional<IpAddress>& bind_address) {
  if (!bind_address) return true;
  if (bind_address->is_unspecified()) return bind_address->is_v6() || !address.is_v6();
  return *bind_address == address.without_zone();
}

}  // namespace

std::optional<Excluding> excluded_by_state(const OwnAddress& own, const RankingFacts& facts) {
  const Address& address = *own.address;
  if (!own.link->is_up) return Excluding{Exclusion::link_down, fmt::format("{} is down", own.link->name)};
  if (!own.link->is_running())
    return Excluding{Exclusion::no_carrier, fmt::format("{} has no carrier", own.link->name)};
  if (address.is_duplicate) return Excluding{Exclusion::duplicate, "another machine has this address"};
  if (address.is_tentative)
    return Excluding{Exclusion::tentative, "whether another machine has it is still being found out"};
  if (!listens_on(address.address, facts.bind_address)) {
    return Excluding{Exclusion::not_bound, fmt::format("bind_address is {}", facts.bind_address->to_text())};
  }
  if (is_named(own, facts)) return std::nullopt;
  if (address.is_deprecated) return Excluding{Exclusion::deprecated, "it is about to expire"};
  if (address.is_temporary) return Excluding{Exclusion::temporary, "it is temporary and will soon be another"};
  return std::nullopt;
}

bool is_called(std::string_view name, const Link& link, const IpAddress& address) {
  if (name == link.name) return true;
  const auto parsed = IpAddress::parse(name);
  return parsed && (*parsed == address || *parsed == address.without_zone());
}

std::optional<Excluding> excluded_by_question(const OwnAddress& own, const RankingFacts& facts) {
  const bool is_asked = facts.only.empty() || std::any_of(facts.only.begin(), facts.only.end(), [&](const auto& name) {
                          return is_called(name, *own.link, own.address->address);
                        });
  if (is_asked) return std::nullopt;
  return Excluding{Exclusion::not_asked, fmt::format("only {} is asked for", join(facts.only, ", "))};
}

std::optional<Excluding> excluded_by_operator(const OwnAddress& own, const Inventory& inventory,
                                              const RankingFacts& facts) {
  if (!facts.advertised || is_named(own, facts)) return std::nullopt;
  const Advertised& wanted = *facts.advertised;
  const bool is_interface =
      wanted.is_interface || (wanted.form == Advertised::Form::name && inventory.link(wanted.text) != nullptr);
  if (is_interface && own.link->name == wanted.text) return std::nullopt;
  if (wanted.form == Advertised::Form::network && wanted.network.contains(own.address->address)) return std::nullopt;
  return Excluding{Exclusion::not_advertised,
                   fmt::format("the operator wants {}{}", is_interface ? "the interface " : "", wanted.text)};
}

std::optional<Excluding> excluded_by_peer(const OwnAddress& own, const RankingFacts& facts,
                                          const EvidenceFrom& evidence) {
  std::optional<Excluding> out;
  for (std::size_t i = 0; i < facts.coordinators.size(); ++i) {
    const Coordinator& coordinator = facts.coordinators[i];
    if (coordinator.address.is_v6() != own.address->address.is_v6()) continue;
    const PathEvidence& found = evidence.to(i);
    if (found.path != Path::fails) return std::nullopt;
    if (found.is_foreign && !out) {
      out = Excluding{Exclusion::foreign_peer,
                      fmt::format("who answers on {} from there is not the coordinator", coordinator.target())};
    }
  }
  return out;
}

}  // namespace p2p::addresses
