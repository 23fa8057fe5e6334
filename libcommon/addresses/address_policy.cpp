#include "addresses/address_policy.hpp"

#include <algorithm>
#include <utility>

#include "addresses/loss.hpp"
#include "addresses/path_evidence.hpp"
#include "membership/limits.hpp"

namespace p2p::addresses {

using std::chrono::milliseconds;

namespace {

/// However busy the network is, its ways are tried no more often.
constexpr milliseconds kBetweenLooks{1'000};
/// A fleet whose coordinator comes back does not try all its ways in the same moment.
constexpr milliseconds kReachedSpread{1'000};
/// What was just found out is not looked at again because a coordinator was reached.
constexpr milliseconds kFreshFor{3'000};
/// Such that three looks are over within 5 s of the better address, with two seconds for the first.
constexpr milliseconds kConfirmEvery{600};

AddressChoice::Settings choice_settings() {
  AddressChoice::Settings out;
  out.interval = kConfirmEvery;
  return out;
}

const Candidate* candidate_of(const Ranking& ranking, const std::string& address) {
  for (const auto& candidate : ranking.candidates) {
    if (candidate.address == address) return &candidate;
  }
  return nullptr;
}

}  // namespace

AddressPolicy::AddressPolicy(Settings settings)
    : settings_(std::move(settings)), facts_(settings_.facts), choice_(choice_settings()) {}

AddressPolicy::Actions AddressPolicy::begin(Surroundings now_there, std::vector<NamedCoordinator> coordinators,
                                            Monotonic now) {
  take(std::move(coordinators));
  take(std::move(now_there));
  auto out = consider(AddressChoice::Occasion::network, now);
  ground_ = {sources_to_probe(inventory_, facts_), facts_.routes};
  look_at(now);
  return out;
}

AddressPolicy::Actions AddressPolicy::network_changed(Surroundings now_there, Monotonic now) {
  auto lost = lost_addresses(inventory_, now_there.inventory);
  take(std::move(now_there));
  // What they have shown is of a way that is no more.
  std::erase_if(facts_.probes, [&](const PathProbe& probe) {
    const auto source = IpAddress::parse(probe.source);
    return source && std::find(lost.begin(), lost.end(), *source) != lost.end();
  });
  auto out = consider(AddressChoice::Occasion::network, now);
  out.lost = std::move(lost);
  // Most of what happens on a machine with containers changes no way to a coordinator.
  Ground ground{sources_to_probe(inventory_, facts_), facts_.routes};
  out.ways_changed = ground != ground_;
  if (!out.ways_changed) return out;
  ground_ = std::move(ground);
  look_at(std::max(now, looked_at_ ? *looked_at_ + kBetweenLooks : now));
  return out;
}

void AddressPolicy::coordinator_reached(double chance, Monotonic now) {
  const Candidate* present = chosen();
  const bool works = present != nullptr && is_reached(present->path);
  if (works && looked_at_ && now - *looked_at_ < kFreshFor) return;
  look_at(now + std::chrono::duration_cast<milliseconds>(kReachedSpread * chance));
}

void AddressPolicy::link_silent(const std::string& from, const std::string& to, Monotonic now) {
  const auto own = IpAddress::parse(from), other = IpAddress::parse(to);
  if (!own || !other) return;
  doubt_ = Doubt{*own, *other};
  looks_at_doubt_ = false;
  look_at(std::max(now, looked_at_ ? *looked_at_ + kBetweenLooks : now));
}

// --- looking at the ways --------------------------------------------------------------------------------------------

void AddressPolicy::look_at(Monotonic when) { look_due_ = std::min(when, look_due_.value_or(Monotonic::max())); }

Monotonic AddressPolicy::next_look() const {
  return std::min(look_due_.value_or(Monotonic::max()), choice_.next_look().value_or(Monotonic::max()));
}

Look AddressPolicy::begin_look(Monotonic now) {
  Look out{!look_due_ || now < *look_due_};
  if (!out.is_confirmation) {
    look_due_.reset();
    looks_at_doubt_ = doubt_.has_value();
  }
  looked_at_ = now;
  return out;
}

LookPlan AddressPolicy::plan_look(const Look& look, Surroundings now_there,
                                  std::vector<NamedCoordinator> coordinators) {
  take(std::move(coordinators));
  take(std::move(now_there));
  LookPlan out;
  out.sources = sources_to_probe(inventory_, facts_);
  ground_ = {out.sources, facts_.routes};
  // With one address nothing is to be chosen; but the link may have another coordinator's address to go to.
  const bool decides = out.sources.size() > 1 || (looks_at_doubt_ && out.sources.size() * coordinators_.size() > 1);
  if (!settings_.probes || fixed_ || !decides || coordinators_.empty()) {
    if (std::exchange(looks_at_doubt_, false)) doubt_.reset();
    return {};
  }
  renews_all_ = !look.is_confirmation;
  out.targets = facts_.coordinators;
  if (look.is_confirmation) out.left_out = failed_paths(facts_.probes);
  return out;
}

AddressPolicy::Actions AddressPolicy::looked(std::vector<PathProbe> found, Surroundings now_there, Monotonic now) {
  take(std::move(now_there));
  if (std::exchange(renews_all_, false)) {
    // A way that is tried no more is not known any more.
    std::erase_if(facts_.probes, [&](const PathProbe& known) {
      return std::none_of(found.begin(), found.end(), [&](const PathProbe& probe) {
        return probe.source == known.source && probe.target == known.target;
      });
    });
  }
  facts_.probes = merge_probes(std::move(facts_.probes), std::move(found));
  std::erase_if(facts_.probes, [&](const PathProbe& probe) {
    // Its address may have gone meanwhile, or its coordinator be elsewhere.
    const auto source = IpAddress::parse(probe.source);
    const bool is_target = std::any_of(facts_.coordinators.begin(), facts_.coordinators.end(),
                                       [&](const Coordinator& known) { return known.target() == probe.target; });
    return !source || !inventory_.owns(*source) || !is_target;
  });
  std::optional<Doubt> dead;
  if (std::exchange(looks_at_doubt_, false)) {
    if (is_dead(*doubt_)) dead = *doubt_;
    doubt_.reset();
  }
  return consider(AddressChoice::Occasion::look, now, dead);
}

/// Its own way leads nowhere, and another does: else it is the coordinator that does not answer.
bool AddressPolicy::is_dead(const Doubt& doubt) const {
  bool is_tried = false, other_is_good = false;
  for (const PathProbe& probe : facts_.probes) {
    const bool is_own_source = IpAddress::parse(probe.source) == doubt.from;
    const bool is_own =
        is_own_source && std::any_of(coordinators_.begin(), coordinators_.end(), [&](const auto& named) {
          return named.coordinator.address == doubt.to && named.coordinator.target() == probe.target;
        });
    if (is_own && probe.is_good) return false;
    is_tried = is_tried || is_own;
    other_is_good = other_is_good || probe.is_good;
  }
  return is_tried && other_is_good;
}

// --- choosing -------------------------------------------------------------------------------------------------------

void AddressPolicy::take(Surroundings now_there) {
  inventory_ = std::move(now_there.inventory);
  facts_.routes = std::move(now_there.routes);
  fixed_ = std::move(now_there.fixed);
  if (!facts_.advertised || facts_.advertised->form != Advertised::Form::name) return;
  // Once an interface had the name it is no host's, also while the interface is away.
  Advertised& wanted = *facts_.advertised;
  wanted.is_interface = wanted.is_interface || inventory_.link(wanted.text) != nullptr;
  if (wanted.is_interface) fixed_.reset();
}

void AddressPolicy::take(std::vector<NamedCoordinator> coordinators) {
  coordinators_ = std::move(coordinators);
  facts_.coordinators = places();
}

std::vector<Coordinator> AddressPolicy::places() const {
  std::vector<Coordinator> out;
  for (const auto& named : coordinators_) out.push_back(named.coordinator);
  return out;
}

AddressPolicy::Actions AddressPolicy::consider(AddressChoice::Occasion occasion, Monotonic now,
                                               const std::optional<Doubt>& dead) {
  Actions out;
  ranking_ = rank(inventory_, facts_);
  std::vector<std::string> list;
  if (fixed_) {
    list = {*fixed_};
  } else {
    const bool is_doubted = dead && IpAddress::parse(choice_.current()) == dead->from;
    out.change = choice_.consider(ranking_, occasion, now, is_doubted);
    list = announcement(choice_.announced(ranking_), ranking_, settings_.facts.advertised.has_value(), settings_.port);
  }
  if (list != announced_) out.announce = announced_ = std::move(list);
  if (out.change) out.replace = replacement(*out.change);
  // The address may be as good as before: then the link alone has to go another way.
  if (dead) out.replace = Replacement{dead->from.to_text(), choice_.current(), coordinators_reached(), true};
  return out;
}

/// What is gone is `lost`, and ends by that.
std::optional<AddressPolicy::Replacement> AddressPolicy::replacement(const AddressChoice::Change& change) const {
  const bool is_dead = change.why == AddressChoice::Why::failed;
  if (!is_dead && change.why != AddressChoice::Why::better) return std::nullopt;
  Replacement out{change.from, change.to, coordinators_by(change.to), is_dead};
  if (!is_dead && out.coordinators.empty()) return std::nullopt;
  return out;
}

const Candidate* AddressPolicy::chosen() const { return fixed_ ? nullptr : candidate_of(ranking_, choice_.current()); }

/// Those to which the kernel sends from that address, unasked.
std::vector<std::string> AddressPolicy::coordinators_by(const std::string& own_address) const {
  std::vector<std::string> out;
  const auto own = IpAddress::parse(own_address);
  if (!own) return out;
  for (const auto& named : coordinators_) {
    const bool leads_there = std::any_of(facts_.routes.begin(), facts_.routes.end(), [&](const RouteAnswer& way) {
      if (way.target != named.coordinator.address || way.asked_source || !way.source) return false;
      const Link* link = inventory_.link(way.link);
      return way.source->with_zone(link != nullptr ? link->name : "") == *own;
    });
    if (leads_there && std::find(out.begin(), out.end(), named.named) == out.end()) out.push_back(named.named);
  }
  return out;
}

/// Those to which the way that the kernel takes unasked has led.
std::vector<std::string> AddressPolicy::coordinators_reached() const {
  std::vector<std::string> out;
  for (const PathProbe& probe : facts_.probes) {
    if (!probe.is_good) continue;
    const auto found = std::find_if(coordinators_.begin(), coordinators_.end(),
                                    [&](const auto& named) { return named.coordinator.target() == probe.target; });
    if (found == coordinators_.end() || std::find(out.begin(), out.end(), found->named) != out.end()) continue;
    const auto by = coordinators_by(probe.source);
    if (std::find(by.begin(), by.end(), found->named) != by.end()) out.push_back(found->named);
  }
  return out;
}

std::vector<std::string> announcement(const std::vector<std::string>& chosen, const Ranking& ranking,
                                      bool operator_said, std::uint16_t port) {
  std::vector<std::string> out;
  for (const auto& text : chosen) {
    const auto address = IpAddress::parse(text);
    if (out.size() == membership::kMaxAddresses) break;
    // A zone is a name of this machine.
    if (address) out.push_back(Coordinator{address->without_zone(), port}.target());
  }
  if (!out.empty() || operator_said) return out;
  for (const auto& excluded : ranking.excluded) {
    const auto address = IpAddress::parse(excluded.address);
    if (address && excluded.why == Exclusion::loopback) out.push_back(Coordinator{*address, port}.target());
  }
  return out;
}

}  // namespace p2p::addresses
