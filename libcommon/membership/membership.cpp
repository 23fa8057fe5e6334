#include "membership/membership.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace p2p::membership {
namespace {

using std::chrono::milliseconds;

/// How long others are preferred to a node that could not be reached.
constexpr std::chrono::minutes kAvoidance{2};

}  // namespace

Membership::Membership(Settings settings, SelfFacts facts, pki::Role role, RecordSigner& signer, RecordChecker& checker,
                       Random& random, const SavedState& saved, Instant now, BulletinChecker check_bulletin)
    : settings_(std::move(settings)),
      role_(role),
      checker_(checker),
      random_(random),
      own_(std::move(facts), role, signer, checker, saved.incarnation),
      interval_(settings_.interval, now.monotonic),
      registry_(own_.facts().node_id, role == pki::Role::coordinator, rules()),
      joining_(role == pki::Role::worker && !settings_.coordinator_addresses.empty()),
      board_(std::move(check_bulletin)) {
  for (const auto& [node_id, tombstone] : saved.tombstones) registry_.restore(node_id, tombstone);
  for (const SavedNode& node : saved.nodes) {
    const auto checked = checker_.check(node.signed_record, now.wall);
    checked ? registry_.restore(*checked, node.status, node.last_seen, now)
            : tell_refused(checked.error(), "the saved state", now);
  }
  for (const CarriedBulletin& saved_one : saved.bulletins) {
    const auto held = board_.offer(saved_one);
    if (!held) {
      tell_refused(held.error(), "the saved state", now);
    } else if (*held != nullptr) {
      actions_.bulletins.push_back(*held);
    }
  }
}

Result<void> Membership::start(Instant now) {
  auto own = own_.raise(0, RecordStatus::alive);
  if (!own) return own.error();
  registry_.put_self(std::move(*own), now);
  actions_.save_state = true;
  joining_.start(now);
  next_round_ = now.monotonic;
  judge(now);
  return {};
}

void Membership::tick(Instant now) {
  if (interval_.tick(now.monotonic)) next_judgement_ = now.monotonic;
  if (now.monotonic >= next_judgement_) judge(now);
  if (const auto exceed = own_.take_refutation(now); exceed && !left_) raise_own(*exceed, now);
  if (joining_.take_attempt(random_, now)) actions_.join = settings_.coordinator_addresses;
  if (now.monotonic >= next_round_) begin_round(now);
  flush_pushes(now);
}

Monotonic Membership::next_wakeup() const {
  return std::min(
      {interval_.next_wakeup(), next_judgement_, own_.refutation_due(), joining_.next(), next_round_, pushes_.due()});
}

Actions Membership::take_actions() {
  for (Event& event : registry_.take_events()) {
    const bool is_rival = event.kind == EventKind::alive && is_rival_coordinator(event.node_id);
    actions_.events.push_back(std::move(event));
    if (is_rival) tell_rival(actions_.events.back().node_id);
  }
  return std::exchange(actions_, {});
}

bool Membership::is_rival_coordinator(const std::string& node_id) const {
  const Node* node = registry_.find(node_id);
  return role_ == pki::Role::coordinator && node != nullptr && node->checked->role == pki::Role::coordinator;
}

/// Each stores the log of the nodes that are linked to it, and sends calls over its own links.
void Membership::tell_rival(const std::string& node_id) {
  actions_.events.push_back({EventKind::conflict, LogLevel::warning, node_id,
                             fmt::format("{} is a coordinator too: the fleet's log is split between the two, and not "
                                         "every call finds its node; run one at a time",
                                         node_id)});
}

Judgement Membership::rules() const {
  Judgement out;
  out.suspect_after = std::max(settings_.failure_timeout / 2, 6 * interval_.current());
  out.dead_after = 2 * out.suspect_after;
  out.dead_after_refusal = settings_.failure_timeout;
  out.settle_after = 2 * settings_.cleanup_interval;
  return out;
}

void Membership::judge(Instant now) {
  const Judgement now_in_force = rules();
  registry_.set_rules(now_in_force);
  registry_.judge(now);
  passed_on_.clear();
  // What begins after this moment cannot be due before the shortest of the rules has passed.
  const auto shortest =
      std::min({now_in_force.suspect_after, now_in_force.dead_after_refusal, now_in_force.settle_after});
  next_judgement_ = std::min(registry_.next_judgement(), now.monotonic + shortest);
}

void Membership::begin_round(Instant now) {
  const double jitter = 0.9 + 0.2 * random_.unit();
  next_round_ = now.monotonic +
                milliseconds(static_cast<std::int64_t>(static_cast<double>(interval_.current().count()) * jitter));
  if (left_ || joining_.is_refused()) return;
  last_beat_ = now.monotonic;
  registry_.raise_own_heartbeat(now);
  view_.reset();
  for (ExchangeTarget& target : choose_targets(registry_, settings_, role_, random_, now)) {
    interval_.count_message();
    actions_.exchanges.push_back(std::move(target));
  }
}

/// A node under load has a long interval of its own; answering others, it is heard as often as anyone.
void Membership::beat(Instant now) {
  if (left_ || now.monotonic - last_beat_ < settings_.interval.minimum) return;
  last_beat_ = now.monotonic;
  registry_.raise_own_heartbeat(now);
}

void Membership::raise_own(std::uint64_t exceed, Instant now) {
  auto own = own_.raise(exceed, left_ ? RecordStatus::left : RecordStatus::alive);
  if (!own) {
    say(EventKind::self, LogLevel::error,
        fmt::format("the record of this node stays as it was: {}", own.error().context));
    return;
  }
  registry_.put_self(std::move(*own), now);
  actions_.save_state = true;
  pushes_.add(registry_.self_id(), true, now);
  flush_pushes(now);
}

void Membership::flush_pushes(Instant now) {
  const auto message = pushes_.take(registry_, now);
  if (message == nullptr || registry_.links().empty()) return;
  interval_.count_message();
  actions_.pushes.push_back({{registry_.links().begin(), registry_.links().end()}, message});
}

void Membership::set_self(SelfFacts facts, Instant now) {
  if (facts == own_.facts()) return;
  own_.set_facts(std::move(facts));
  raise_own(0, now);
}

void Membership::certificate_changed(Instant now) { raise_own(0, now); }

void Membership::leave(Instant now) {
  if (left_) return;
  left_ = true;
  joining_.stop();
  raise_own(0, now);
  pushes_.hurry(now);
  flush_pushes(now);
  if (joining_.is_refused()) return;
  for (ExchangeTarget& target : choose_targets(registry_, settings_, role_, random_, now)) {
    actions_.exchanges.push_back(std::move(target));
  }
}

void Membership::link_up(const std::string& node_id, Instant now) {
  registry_.set_linked(node_id, true);
  registry_.touch(node_id, now);
  const Node* node = registry_.find(node_id);
  if (role_ == pki::Role::worker) {
    if (!left_) actions_.exchanges.push_back({"", settings_.coordinator_addresses});
  } else if (node != nullptr && !node->checked->record.addresses.empty()) {
    actions_.dial_backs.push_back({node_id, node->checked->record.addresses});
  }
}

void Membership::link_down(const std::string& node_id, Instant now) {
  registry_.set_linked(node_id, false);
  const Node* node = registry_.find(node_id);
  if (role_ != pki::Role::coordinator || node == nullptr || node->status == NodeStatus::left) return;
  if (node->checked->record.addresses.empty()) return registry_.mark_refused(node_id, now);
  actions_.dial_backs.push_back({node_id, node->checked->record.addresses});
}

void Membership::dial_back_ended(const std::string& node_id, bool answered, Instant now) {
  const Node* node = registry_.find(node_id);
  if (node == nullptr) return;
  // Of a node whose link broke, silence says that it is gone; of a linked one, only that it cannot be dialled.
  if (answered || node->linked) return registry_.set_dialable(node_id, answered);
  registry_.mark_refused(node_id, now);
}

void Membership::exchange_done(const std::string& peer) {
  registry_.set_dialable(peer, true);
  registry_.avoid(peer, Monotonic{});
}

void Membership::exchange_failed(const std::string& peer, Instant now) {
  registry_.avoid(peer, now.monotonic + kAvoidance);
}

Result<void> Membership::forget(const std::string& node_id, bool and_incarnation, Instant now) {
  if (registry_.forget(node_id, and_incarnation, now)) return {};
  return Error(Errc::not_found,
               fmt::format("no node \"{}\" is listed that could be forgotten", escape_controls(node_id)));
}

void Membership::recheck(Instant now) {
  checker_.forget_all();
  std::vector<std::string> fallen;
  for (const auto& [node_id, node] : registry_.nodes()) {
    if (node_id == registry_.self_id()) continue;
    const auto checked = checker_.check(node.checked->signed_record, now.wall);
    if (checked) continue;
    fallen.push_back(node_id);
    tell_refused(checked.error(), "the registry", now);
  }
  for (const std::string& node_id : fallen) registry_.forget(node_id, true, now);
  for (const BulletinPtr& bulletin : board_.recheck()) {
    say(EventKind::bulletin, LogLevel::warning,
        fmt::format("the bulletin {} is no longer genuine and was let go", bulletin->kind));
  }
}

SavedState Membership::saved_state() const {
  SavedState out = state_of(registry_);
  out.bulletins = board_.all();
  return out;
}

ClusterViewPtr Membership::view() {
  if (view_ == nullptr || viewed_version_ != registry_.version()) {
    view_ = make_view(registry_);
    viewed_version_ = registry_.version();
  }
  return view_;
}

void Membership::tell_refused(const Error& why, std::string_view from, Instant now) {
  constexpr std::size_t kMaxTold = 256;
  constexpr std::chrono::minutes kSilence{10};
  std::string text = fmt::format("refused from {}: {}", from, why.context);
  if (const auto told = told_.find(text); told != told_.end() && now.monotonic - told->second < kSilence) return;
  if (told_.size() >= kMaxTold) told_.clear();
  told_[text] = now.monotonic;
  actions_.events.push_back({EventKind::refused, LogLevel::warning, registry_.self_id(), std::move(text)});
}

void Membership::say(EventKind kind, LogLevel level, std::string text) {
  actions_.events.push_back({kind, level, registry_.self_id(), std::move(text)});
}

}  // namespace p2p::membership
