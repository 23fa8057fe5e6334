#include "address_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "addresses/advertised.hpp"
#include "addresses/prober.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "base/text.hpp"
#include "local_addresses.hpp"
#include "net/connect.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using addresses::AddressPolicy;
using std::chrono::milliseconds;

AddressKeeper::AddressKeeper(const Parts& parts, Hooks hooks)
    : parts_(parts), hooks_(std::move(hooks)), log_(parts.log, "Addresses"), wake_(parts.control, Monotonic::max()) {
  // A coordinator has none to reach.
  if (parts_.role == pki::Role::coordinator) return;
  for (const auto& text : parts_.config.coordinator_addresses) {
    if (auto endpoint = net::parse_endpoint(text, 0)) names_.push_back(std::move(*endpoint));
  }
}

std::vector<std::string> AddressKeeper::open(std::uint16_t port) {
  port_ = port;
  auto watch = addresses::InventoryWatch::open(parts_.control.get_executor(), parts_.clock);
  if (watch)
    watch_ = std::move(*watch);
  else
    log_.error("the network of this machine is not followed: {}", watch.error().context);
  AddressPolicy::Settings settings;
  settings.facts = configured_facts(parts_.config);
  settings.port = port;
  settings.probes = parts_.config.enable_address_probing;
  policy_.emplace(std::move(settings));
  // Names are looked up once there is time to wait.
  std::vector<addresses::NamedCoordinator> numeric;
  std::vector<addresses::Coordinator> places;
  for (const auto& name : names_) {
    const auto address = addresses::IpAddress::parse(name.host);
    if (!address) continue;
    places.push_back({*address, name.port});
    numeric.push_back({name.to_text(), places.back()});
  }
  carry_out(policy_->begin(surroundings(places), std::move(numeric), parts_.clock.monotonic()));
  is_open_ = true;
  return policy_->announced();
}

void AddressKeeper::start(net::TaskGroup& tasks) {
  tasks.start("advertised", check_advertised());
  if (!watch_) return;
  tasks.start("addresses", follow());
  tasks.start("ways", look_again_and_again());
}

ChosenAddress AddressKeeper::chosen() const {
  const std::lock_guard lock(mutex_);
  return chosen_;
}

void AddressKeeper::coordinator_reached() {
  policy_->coordinator_reached(parts_.random.unit(), parts_.clock.monotonic());
  wake_.cancel();
}

void AddressKeeper::link_silent(const std::string& from, const std::string& to) {
  log_.debug("the coordinator does not answer over the link from {} to {}", from, to);
  policy_->link_silent(from, to, parts_.clock.monotonic());
  wake_.cancel();
}

/// A name that is neither an interface's nor a host's is announced as it stands, which is of use to nobody.
asio::awaitable<void> AddressKeeper::check_advertised() {
  const auto wanted = addresses::parse_advertised(parts_.config.advertise_address);
  if (!wanted || wanted->form != addresses::Advertised::Form::name || !policy_->fixed()) co_return;
  net::CallWatch watch(parts_.control.get_executor(), timeout());
  auto resolving = net::resolve(parts_.control.get_executor(), net::Endpoint{wanted->text, port_}, watch);
  const auto found = co_await std::move(resolving);
  if (found || !policy_->fixed()) co_return;
  log_.warning("advertise_address: {} is no interface of this machine now, and no host name that it can resolve ({})",
               wanted->text, found.error().context);
}

asio::awaitable<void> AddressKeeper::follow() {
  for (bool failed = false;;) {
    auto changing = watch_->changed();
    const auto changed = co_await std::move(changing);
    if (changed) {
      carry_out(policy_->network_changed(surroundings(policy_->places()), parts_.clock.monotonic()));
      wake_.cancel();
    } else if (!failed) {
      log_.warning("the network of this machine could not be read: {}", changed.error().context);
    }
    failed = !changed;
  }
}

// --- looking at the ways --------------------------------------------------------------------------------------------

asio::awaitable<void> AddressKeeper::look_again_and_again() {
  for (;;) {
    if (parts_.clock.monotonic() < policy_->next_look()) {
      // What happens ends the wait early; a cancellation of this task ends the next one with an exception.
      wake_.expires_at(policy_->next_look());
      co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    auto looking = look();
    co_await std::move(looking);
  }
}

/// One round: where the coordinators are, what each way is like, and what follows.
asio::awaitable<void> AddressKeeper::look() {
  const addresses::Look look = policy_->begin_look(parts_.clock.monotonic());
  auto coordinators = policy_->coordinators();
  if (!look.is_confirmation) {
    auto finding = find_coordinators();
    coordinators = co_await std::move(finding);
  }
  std::vector<addresses::Coordinator> places;
  for (const auto& named : coordinators) places.push_back(named.coordinator);
  auto plan = policy_->plan_look(look, surroundings(places), std::move(coordinators));
  std::vector<addresses::PathProbe> found;
  if (!plan.sources.empty()) {
    auto probing = probe(std::move(plan));
    found = co_await std::move(probing);
  }
  carry_out(policy_->looked(std::move(found), surroundings(policy_->places()), parts_.clock.monotonic()));
}

asio::awaitable<std::vector<addresses::NamedCoordinator>> AddressKeeper::find_coordinators() {
  auto finding = addresses::find_coordinators(parts_.control.get_executor(), names_, policy_->coordinators(), timeout(),
                                              log_.sink());
  auto found = co_await std::move(finding);
  if (found.unresolved) log_.debug("a coordinator is not found: {}", found.unresolved->context);
  co_return std::move(found.coordinators);
}

asio::awaitable<std::vector<addresses::PathProbe>> AddressKeeper::probe(addresses::LookPlan plan) {
  addresses::ProbeRequest request;
  for (const auto& source : plan.sources) request.sources.push_back({source.without_zone().to_text(), source.zone()});
  for (const auto& target : plan.targets) request.targets.push_back({target.address.to_text(), target.port});
  request.left_out = std::move(plan.left_out);
  request.tls = parts_.tls.state();
  request.dial_back_port = port_;
  request.timeout = timeout();
  auto probing = addresses::probe(parts_.control.get_executor(), std::move(request), parts_.log);
  auto found = co_await std::move(probing);
  std::vector<addresses::PathProbe> out;
  for (auto& target : found) {
    for (auto& path : target.paths) {
      if (!path.source.empty()) out.push_back(std::move(path));
    }
  }
  co_return out;
}

milliseconds AddressKeeper::timeout() const {
  return std::chrono::duration_cast<milliseconds>(parts_.config.probe_timeout_seconds);
}

addresses::Surroundings AddressKeeper::surroundings(const std::vector<addresses::Coordinator>& coordinators) {
  addresses::Surroundings out;
  out.fixed = fixed_address(parts_.config, port_);
  if (!watch_) return out;
  out.inventory = watch_->current();
  if (!out.inventory.has_all_routes && !std::exchange(said_routes_, true)) {
    log_.warning(
        "this machine has more than {} routes or {} routing rules; what is beyond them plays no part in the choice of "
        "an address",
        addresses::kMaxRoutes, addresses::kMaxRules);
  }
  auto routes = addresses::ask_routes(out.inventory, coordinators, *watch_);
  if (routes)
    routes_ = std::move(*routes);
  else
    log_.debug("the kernel tells no route: {}", routes.error().context);
  out.routes = routes_;
  return out;
}

// --- what follows ---------------------------------------------------------------------------------------------------

void AddressKeeper::carry_out(const AddressPolicy::Actions& actions) {
  if (actions.change) tell(*actions.change);
  keep_chosen();
  if (actions.announce && is_open_) {
    log_.info("announced addresses: {}", actions.announce->empty() ? "none" : join(*actions.announce, ", "));
    hooks_.announce(*actions.announce);
  }
  if (!actions.lost.empty()) hooks_.lost(actions.lost);
  if (actions.ways_changed) hooks_.ways_changed();
  if (actions.replace) hooks_.replace(*actions.replace);
}

void AddressKeeper::tell(const addresses::AddressChoice::Change& change) const {
  const auto* now = policy_->chosen();
  if (now == nullptr) return log_.warning("announces {} no more: {}", change.from, change.reason);
  const std::string why = now->reason == change.reason
                              ? fmt::format("{} (rule {})", change.reason, to_text(now->rule))
                              : fmt::format("{}; {} (rule {})", change.reason, now->reason, to_text(now->rule));
  if (change.from.empty()) return log_.info("announces {}: {}", change.to, why);
  log_.info("announces {} instead of {}: {}", change.to, change.from, why);
}

void AddressKeeper::keep_chosen() {
  ChosenAddress now;
  if (const auto& fixed = policy_->fixed()) {
    now.address = *fixed;
    now.rule =
        parts_.config.advertise_address.empty() ? "bind-address" : std::string(to_text(addresses::Rule::advertised));
  } else if (const auto* candidate = policy_->chosen()) {
    now.address = candidate->address;
    now.interface = candidate->interface;
    now.rule = to_text(candidate->rule);
  }
  const std::lock_guard lock(mutex_);
  now.changes = chosen_.changes + (chosen_.address.empty() || chosen_.address == now.address ? 0 : 1);
  chosen_ = std::move(now);
}

}  // namespace p2p::node
