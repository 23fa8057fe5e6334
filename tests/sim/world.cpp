#include "world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "world_host.hpp"

namespace p2p::sim {

using namespace membership;

namespace {

constexpr Duration kNever = Duration::max();
constexpr milliseconds kLinkNoticesSilence{5000};
constexpr std::chrono::seconds kEpoch{1'700'000'000};

}  // namespace

Settings brisk_settings() {
  Settings out;
  out.interval = {milliseconds{1000}, milliseconds{3000}, milliseconds{2000}, milliseconds{8000}};
  out.max_gossip_targets = 2;
  out.failure_timeout = milliseconds{8000};
  out.cleanup_interval = milliseconds{5000};
  return out;
}

World::World(WorldSettings settings)
    : settings_(std::move(settings)),
      random_(settings_.seed),
      checker_(settings_.membership.cluster_name, verifier_, sha256) {
  for (int i = 0; i < settings_.node_count; ++i) {
    auto host = std::make_unique<Host>();
    host->index = i;
    host->name = i == 0 ? std::string("coordinator") : fmt::format("worker-{}", i);
    host->address = fmt::format("10.0.{}.{}:8001", i / 250, i % 250 + 1);
    host->role = i == 0 ? pki::Role::coordinator : pki::Role::worker;
    host->random = std::make_unique<SeededRandom>(random_.next());
    host->signer = std::make_unique<FakeSigner>(identity(*host));
    host->dialable = i == 0 || random_.unit() >= settings_.undialable_share;
    const auto skew = static_cast<std::int64_t>(settings_.max_clock_skew.count());
    host->skew = milliseconds{skew == 0 ? 0 : static_cast<std::int64_t>(random_.below(2 * skew)) - skew};
    host->facts = {host->name, {host->address}, {{"disk", "1.0"}}, {}, "0.1.0", {}, 0, std::nullopt};
    addresses_[host->address] = names_[host->name] = host.get();
    hosts_.push_back(std::move(host));
  }
  settings_.membership.coordinator_addresses = {hosts_[0]->address};
}

World::~World() = default;

pki::Identity World::identity(const Host& host) const {
  return {settings_.membership.cluster_name, host.role, host.name};
}

Instant World::instant(const Host& host) const {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now_);
  return {Monotonic{std::chrono::hours{1} + now_}, WallTime{kEpoch + since + host.skew}};
}

void World::at(Duration time, std::function<void()> what) { events_.push({time, ++order_, std::move(what)}); }

void World::later(Host& host, Duration wait, std::function<void()> what) {
  at(now_ + wait, [&host, process = host.process, what = std::move(what)] {
    if (host.process == process && host.machine != nullptr) what();
  });
}

void World::run_until(Duration time) {
  while (!events_.empty() && events_.top().time <= time) {
    // The queue's top is const, and the function is moved out just before it is dropped.
    auto what = std::move(const_cast<Event&>(events_.top()).what);
    now_ = events_.top().time;
    events_.pop();
    what();
  }
  now_ = time;
}

void World::start(int node) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  ++host.process;
  host.facts.started_at = instant(host).wall;
  host.facts.instance = random_.next();
  const LoadedState loaded = decode_state(host.state_file, host.name);
  host.machine = std::make_unique<Membership>(settings_.membership, host.facts, host.role, *host.signer, checker_,
                                              *host.random, loaded.state, instant(host), check_fake_bulletin);
  host.bulletins.clear();
  host.wakeup = kNever;
  trace(host, "starts");
  (void)host.machine->start(instant(host));
  settle(host);
}

void World::kill(int node) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  if (host.machine == nullptr) return;
  trace(host, "is killed");
  // What a real node has on disk: its own incarnation at once, the rest from the last autosave or so.
  host.state_file = encode_state(host.machine->saved_state(), host.name);
  ++host.process;
  host.machine.reset();
  for (const auto& other : hosts_) {
    if (other->link == &host || (other.get() == &host && host.link != nullptr)) break_link(*other, delay());
  }
}

void World::leave(int node) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  if (host.machine == nullptr) return;
  trace(host, "leaves");
  host.machine->leave(instant(host));
  settle(host);
  later(host, milliseconds{1500}, [this, node] { kill(node); });
}

void World::forget_state(int node) { hosts_[static_cast<std::size_t>(node)]->state_file.clear(); }

void World::renew_certificate(int node) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  ++host.signer->serial;
  if (host.machine == nullptr) return;
  host.machine->certificate_changed(instant(host));
  settle(host);
}

void World::set_services(int node, std::vector<ServiceVersion> services) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  host.facts.services = std::move(services);
  if (host.machine == nullptr) return;
  host.machine->set_self(host.facts, instant(host));
  settle(host);
}

void World::publish(int node, const std::string& kind, std::size_t padding) {
  Host& host = *hosts_[static_cast<std::size_t>(node)];
  const std::uint64_t version = ++published_[kind];
  trace(host, fmt::format("publishes version {} of {}", version, kind));
  (void)host.machine->publish(kind, fake_bulletin(kind, version, padding), instant(host));
  settle(host);
}

void World::offer_bulletin(int hostile, int victim, const std::string& kind, const Bytes& content) {
  Host& from = *hosts_[static_cast<std::size_t>(hostile)];
  Host& to = *hosts_[static_cast<std::size_t>(victim)];
  if (to.machine == nullptr) return;
  constexpr std::uint64_t kClaimed = std::uint64_t{1} << 60;
  const CarriedBulletins contents = {{kind, std::make_shared<const Bytes>(content)}};
  DigestMessage digest;
  digest.cluster_name = settings_.membership.cluster_name;
  digest.bulletins = {{kind, kClaimed}};
  (void)to.machine->receive(identity(from), digest, instant(to));
  PullMessage pull;
  pull.cluster_name = settings_.membership.cluster_name;
  pull.contents = contents;
  (void)to.machine->receive(identity(from), pull, instant(to));
  PushMessage push;
  push.bulletins = digest.bulletins;
  push.contents = contents;
  (void)to.machine->receive_push(identity(from), push, instant(to));
  settle(to);
}

/// Remembers what the owner of the process is told, and that it only ever becomes newer.
void World::take_bulletins(Host& host, const std::vector<BulletinPtr>& bulletins) {
  for (const BulletinPtr& bulletin : bulletins) {
    std::uint64_t& known = host.bulletins[bulletin->kind];
    if (bulletin->version <= known) violation_ = fmt::format("{} went back to an older {}", host.name, bulletin->kind);
    known = bulletin->version;
    const auto genuine = check_fake_bulletin(bulletin->kind, *bulletin->content);
    if (!genuine || *genuine != known || known > published_[bulletin->kind]) {
      violation_ = fmt::format("{} took a forged {}", host.name, bulletin->kind);
    }
  }
}

void World::partition(const std::function<int(int)>& side_of) {
  for (const auto& host : hosts_) host->side = side_of(host->index);
  for (const auto& host : hosts_) {
    if (host->link != nullptr && !reaches(*host, *host->link)) break_link(*host, kLinkNoticesSilence);
  }
}

void World::heal() {
  for (const auto& host : hosts_) host->side = 0;
}

void World::set_loss(double share) { settings_.loss = share; }

bool World::is_divided() const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const auto& host) { return host->side != hosts_[0]->side; });
}

bool World::is_up(int node) const { return hosts_[static_cast<std::size_t>(node)]->machine != nullptr; }
Membership& World::machine(int node) { return *hosts_[static_cast<std::size_t>(node)]->machine; }
std::string World::name_of(int node) const { return hosts_[static_cast<std::size_t>(node)]->name; }

void World::trace(const Host& host, const std::string& text) const {
  if (!settings_.trace) return;
  std::printf("%9.3f %-12s %s\n", std::chrono::duration<double>(now_).count(), host.name.c_str(), text.c_str());
}

/// Carries out what the machine wants after any call, and plans its next wakeup.
void World::settle(Host& host) {
  Actions actions = host.machine->take_actions();
  for (const membership::Event& event : actions.events) trace(host, event.text);
  take_bulletins(host, actions.bulletins);
  for (const PushTo& one : actions.pushes) push(host, one);
  for (const DialBack& one : actions.dial_backs) dial_back(host, one);
  for (const ExchangeTarget& one : actions.exchanges) exchange(host, one);
  if (actions.join) join(host, *actions.join);
  const Duration due = std::max(now_, host.machine->next_wakeup() - instant(host).monotonic + now_);
  if (due >= host.wakeup) return;
  host.wakeup = due;
  later(host, due - now_, [this, &host, due] {
    if (host.wakeup == due) wake(host);
  });
}

void World::wake(Host& host) {
  host.wakeup = kNever;
  host.machine->tick(instant(host));
  settle(host);
}

std::optional<std::string> World::difference() const {
  const Host* first = nullptr;
  for (const auto& one : hosts_) {
    if (one->machine == nullptr) continue;
    if (first == nullptr) first = one.get();
    const Registry& registry = one->machine->registry();
    for (const auto& other : hosts_) {
      const Node* node = registry.find(other->name);
      if (other->machine == nullptr) {
        const bool is_gone = node == nullptr || node->status == NodeStatus::dead || node->status == NodeStatus::left;
        if (!is_gone) return fmt::format("{} lists {} as {}", one->name, other->name, to_string(node->status));
        continue;
      }
      if (node == nullptr) return fmt::format("{} does not know {}", one->name, other->name);
      if (node->status != NodeStatus::alive) {
        return fmt::format("{} lists {} as {}", one->name, other->name, to_string(node->status));
      }
      const Node* own = other->machine->registry().find(other->name);
      if (node->checked->signed_record.record != own->checked->signed_record.record) {
        return fmt::format("{} holds incarnation {} of {}, which is at {}", one->name,
                           node->checked->record.incarnation, other->name, own->checked->record.incarnation);
      }
    }
    for (const auto& [kind, version] : published_) {
      const auto told = one->bulletins.find(kind);
      const std::uint64_t known = told == one->bulletins.end() ? 0 : told->second;
      const BulletinPtr held = one->machine->bulletin(kind);
      if (held == nullptr || held->version != version || known != version) {
        return fmt::format("{} knows version {} of {}, which is at {}", one->name, known, kind, version);
      }
    }
    if (registry.buckets() != first->machine->registry().buckets()) {
      return fmt::format("{} and {} differ in their bucket sums", first->name, one->name);
    }
  }
  return std::nullopt;
}

}  // namespace p2p::sim
