#include "address_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "addresses/loss.hpp"
#include "addresses/prober.hpp"
#include "base/text.hpp"
#include "local_addresses.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using addresses::AddressChoice;
using std::chrono::milliseconds;

namespace {

/// However busy the network is, its ways are tried no more often.
constexpr milliseconds kBetweenLooks{1'000};
/// A fleet whose coordinator comes back does not try all its ways in the same moment.
constexpr milliseconds kReachedSpread{1'000};
/// What was just found out is not looked at again because a coordinator was reached.
constexpr milliseconds kFreshFor{3'000};
/// A better address is confirmed by looks that wait for ways which have answered before, not for those that are dead.
constexpr milliseconds kLeastConfirmation{500};
constexpr int kConfirmationRoundTrips = 8;
/// Such that three looks are over within 5 s of the better address, with two seconds for the first.
constexpr milliseconds kConfirmEvery{600};

AddressChoice::Settings choice_settings() {
  AddressChoice::Settings out;
  out.interval = kConfirmEvery;
  return out;
}

const addresses::Candidate* candidate_of(const addresses::Ranking& ranking, const std::string& address) {
  for (const auto& candidate : ranking.candidates) {
    if (candidate.address == address) return &candidate;
  }
  return nullptr;
}

}  // namespace

AddressKeeper::AddressKeeper(const Parts& parts, Hooks hooks)
    : parts_(parts),
      hooks_(std::move(hooks)),
      log_(parts.log, "Addresses"),
      facts_(configured_facts(parts.config)),
      choice_(choice_settings()),
      wake_(parts.control, Monotonic::max()) {
  // A coordinator has none to reach.
  if (parts_.role == pki::Role::coordinator) return;
  for (const auto& text : parts_.config.coordinator_addresses) {
    if (auto endpoint = net::parse_endpoint(text, 0)) names_.push_back(std::move(*endpoint));
  }
}

std::vector<std::string> AddressKeeper::open(std::uint16_t port) {
  port_ = port;
  auto watch = addresses::InventoryWatch::open(parts_.control.get_executor(), parts_.clock);
  if (watch) {
    watch_ = std::move(*watch);
    before_ = watch_->current();
  } else {
    log_.error("the network of this machine is not followed: {}", watch.error().context);
  }
  // Names are looked up once there is time to wait.
  for (const auto& name : names_) {
    if (const auto address = addresses::IpAddress::parse(name.host)) {
      coordinators_.push_back({name, {*address, name.port}});
    }
  }
  consider();
  ground_ = {addresses::sources_to_probe(before_, facts_), facts_.routes};
  is_open_ = true;
  look_at(parts_.clock.monotonic());
  return announced_;
}

void AddressKeeper::start(net::TaskGroup& tasks) {
  if (!watch_) return;
  tasks.start("addresses", follow());
  tasks.start("ways", look_again_and_again());
}

ChosenAddress AddressKeeper::chosen() const {
  const std::lock_guard lock(mutex_);
  return chosen_;
}

// --- following the network ------------------------------------------------------------------------------------------

asio::awaitable<void> AddressKeeper::follow() {
  for (bool failed = false;;) {
    auto changing = watch_->changed();
    const auto changed = co_await std::move(changing);
    if (changed) {
      take_change();
    } else if (!failed) {
      log_.warning("the network of this machine could not be read: {}", changed.error().context);
    }
    failed = !changed;
  }
}

void AddressKeeper::take_change() {
  const auto lost = addresses::lost_addresses(before_, watch_->current());
  before_ = watch_->current();
  // What they have shown is of a way that is no more.
  std::erase_if(facts_.probes, [&](const addresses::PathProbe& probe) {
    const auto source = addresses::IpAddress::parse(probe.source);
    return source && std::find(lost.begin(), lost.end(), source->without_zone()) != lost.end();
  });
  consider();
  if (!lost.empty()) hooks_.lost(lost);
  // Most of what happens on a machine with containers changes no way to a coordinator.
  Ground ground{addresses::sources_to_probe(before_, facts_), facts_.routes};
  if (ground == ground_) return;
  ground_ = std::move(ground);
  hooks_.ways_changed();
  look_at(std::max(parts_.clock.monotonic(), looked_at_ + kBetweenLooks));
}

// --- looking at the ways --------------------------------------------------------------------------------------------

void AddressKeeper::look_at(Monotonic when) {
  look_due_ = std::min(when, look_due_.value_or(Monotonic::max()));
  wake_.cancel();
}

void AddressKeeper::coordinator_reached() {
  const Monotonic now = parts_.clock.monotonic();
  const auto* present = candidate_of(ranking_, choice_.current());
  const bool works = present != nullptr && present->path == addresses::Path::works;
  if (works && now - looked_at_ < kFreshFor) return;
  look_at(now + std::chrono::duration_cast<milliseconds>(kReachedSpread * parts_.random.unit()));
}

Monotonic AddressKeeper::next_look() const {
  return std::min(look_due_.value_or(Monotonic::max()), choice_.next_look().value_or(Monotonic::max()));
}

asio::awaitable<void> AddressKeeper::look_again_and_again() {
  for (;;) {
    wake_.expires_at(next_look());
    // look_at() ends the wait early; a cancellation of this task ends the next one with an exception.
    if (parts_.clock.monotonic() < next_look()) co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
    const Monotonic now = parts_.clock.monotonic();
    if (now < next_look()) continue;
    const bool is_confirmation = !look_due_ || now < *look_due_;
    if (!is_confirmation) look_due_.reset();
    auto looking = look(is_confirmation);
    co_await std::move(looking);
  }
}

/// One round: where the coordinators are, what each way is like, and what follows.
asio::awaitable<void> AddressKeeper::look(bool is_confirmation) {
  looked_at_ = parts_.clock.monotonic();
  if (!is_confirmation) {
    auto finding = find_coordinators();
    co_await std::move(finding);
  }
  rank();
  auto sources = addresses::sources_to_probe(inventory(), facts_);
  ground_ = {sources, facts_.routes};
  // Where there is one address only, nothing is to be chosen.
  const bool decides = sources.size() > 1 && !fixed_address(parts_.config, port_);
  if (parts_.config.enable_address_probing && decides && !coordinators_.empty()) {
    const milliseconds whole = std::chrono::duration_cast<milliseconds>(parts_.config.probe_timeout_seconds);
    auto probing = probe(std::move(sources), is_confirmation ? std::min(whole, confirmation_timeout()) : whole);
    co_await std::move(probing);
  }
  consider();
}

asio::awaitable<void> AddressKeeper::find_coordinators() {
  const bool are_numeric = std::all_of(names_.begin(), names_.end(), [](const net::Endpoint& name) {
    return addresses::IpAddress::parse(name.host).has_value();
  });
  if (are_numeric) co_return;
  const milliseconds timeout = std::chrono::duration_cast<milliseconds>(parts_.config.probe_timeout_seconds);
  auto finding = addresses::find_coordinators(parts_.control.get_executor(), names_, timeout);
  auto found = co_await std::move(finding);
  if (found.unresolved) log_.debug("a coordinator is not found: {}", found.unresolved->context);
  // Without an answer the last one holds.
  if (!found.unresolved || coordinators_.empty()) coordinators_ = std::move(found.coordinators);
}

asio::awaitable<void> AddressKeeper::probe(std::vector<addresses::IpAddress> sources, milliseconds timeout) {
  addresses::ProbeRequest request;
  for (const auto& source : sources) request.sources.push_back({source.without_zone().to_text(), source.zone()});
  for (const auto& named : coordinators_) {
    request.targets.push_back({named.coordinator.address.to_text(), named.coordinator.port});
  }
  request.tls = parts_.tls.state();
  request.dial_back_port = port_;
  request.timeout = timeout;
  auto probing = addresses::probe(parts_.control.get_executor(), std::move(request), parts_.log);
  auto found = co_await std::move(probing);
  facts_.probes.clear();
  const auto now_there = inventory();
  for (auto& target : found) {
    for (auto& path : target.paths) {
      // Its address may have gone meanwhile.
      const auto source = addresses::IpAddress::parse(path.source);
      if (source && now_there.owns(*source)) facts_.probes.push_back(std::move(path));
    }
  }
}

milliseconds AddressKeeper::confirmation_timeout() const {
  milliseconds out = kLeastConfirmation;
  for (const auto& path : facts_.probes) {
    if (path.round_trip)
      out = std::max(out, std::chrono::ceil<milliseconds>(*path.round_trip * kConfirmationRoundTrips));
  }
  return out;
}

// --- choosing -------------------------------------------------------------------------------------------------------

void AddressKeeper::rank() {
  facts_.coordinators.clear();
  for (const auto& named : coordinators_) facts_.coordinators.push_back(named.coordinator);
  if (watch_) {
    auto routes = addresses::ask_routes(watch_->current(), facts_.coordinators, *watch_);
    if (routes)
      facts_.routes = std::move(*routes);
    else
      log_.debug("the kernel tells no route: {}", routes.error().context);
  }
  ranking_ = addresses::rank(inventory(), facts_);
}

void AddressKeeper::consider() {
  rank();
  const auto fixed = fixed_address(parts_.config, port_);
  std::optional<AddressChoice::Change> change;
  if (!fixed) change = choice_.consider(ranking_, parts_.clock.monotonic());
  auto list = fixed ? std::vector{*fixed} : announcement(choice_.announced(ranking_), ranking_, parts_.config, port_);
  const bool differs = list != announced_;
  announced_ = std::move(list);
  if (change) tell(*change);
  keep_chosen(fixed);
  if (differs && is_open_) {
    log_.info("announced addresses: {}", announced_.empty() ? "none" : join(announced_, ", "));
    hooks_.announce(announced_);
  }
  if (!change || (change->why != AddressChoice::Why::better && change->why != AddressChoice::Why::failed)) return;
  auto coordinators = coordinators_by(change->to);
  if (!coordinators.empty()) hooks_.moved(change->to, std::move(coordinators));
}

void AddressKeeper::tell(const AddressChoice::Change& change) {
  const auto* now = candidate_of(ranking_, change.to);
  if (now == nullptr) return log_.warning("announces {} no more: {}", change.from, change.reason);
  const std::string why = now->reason == change.reason
                              ? fmt::format("{} (rule {})", change.reason, to_text(now->rule))
                              : fmt::format("{}; {} (rule {})", change.reason, now->reason, to_text(now->rule));
  if (change.from.empty()) return log_.info("announces {}: {}", change.to, why);
  log_.info("announces {} instead of {}: {}", change.to, change.from, why);
}

void AddressKeeper::keep_chosen(const std::optional<std::string>& fixed) {
  ChosenAddress now;
  if (fixed) {
    now.address = *fixed;
    now.rule =
        parts_.config.advertise_address.empty() ? "bind-address" : std::string(to_text(addresses::Rule::advertised));
  } else if (const auto* candidate = candidate_of(ranking_, choice_.current())) {
    now.address = candidate->address;
    now.interface = candidate->interface;
    now.rule = to_text(candidate->rule);
  }
  const std::lock_guard lock(mutex_);
  now.changes = chosen_.changes + (chosen_.address.empty() || chosen_.address == now.address ? 0 : 1);
  chosen_ = std::move(now);
}

/// Those to which the kernel sends from that address, unasked, as named in the configuration.
std::vector<std::string> AddressKeeper::coordinators_by(const std::string& own_address) const {
  std::vector<std::string> out;
  for (const auto& named : coordinators_) {
    const bool leads_there = std::any_of(facts_.routes.begin(), facts_.routes.end(), [&](const auto& way) {
      return way.target == named.coordinator.address && !way.asked_source && way.source &&
             way.source->without_zone().to_text() == own_address;
    });
    std::string text = named.named.to_text();
    if (leads_there && std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

}  // namespace p2p::node
