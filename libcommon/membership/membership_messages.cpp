// The machine's side of each message: what is taken in, and what is answered.
#include <fmt/format.h>

#include "base/text.hpp"
#include "membership/membership.hpp"

namespace p2p::membership {
Result<std::optional<Message>> OutgoingExchange::take_answer(const Message& answer, Instant now) {
  if (!listed_) {
    const auto* diff = std::get_if<DiffMessage>(&answer);
    if (diff == nullptr) return Error(Errc::damaged, fmt::format("a digest was answered by \"{}\"", type_of(answer)));
    listed_ = true;
    owner_.hear_signs(diff->signs, now);
    plan_ = PullPlan(owner_.registry_, *diff);
    bulletins_ = BulletinPlan(owner_.board_, diff->bulletins);
  } else {
    const auto* records = std::get_if<RecordsMessage>(&answer);
    if (records == nullptr) return Error(Errc::damaged, fmt::format("a pull was answered by \"{}\"", type_of(answer)));
    const std::string_view from = peer_.empty() ? std::string_view("a coordinator") : peer_;
    plan_.note_arrival(owner_.absorb(records->records, from, now));
    bulletins_.note_arrival(records->contents);
    owner_.absorb_bulletins(records->contents, from, now);
  }
  const bool is_done = plan_.done() && bulletins_.done();
  if (is_done || ++pages_ > kMaxPages) return std::optional<Message>();
  owner_.interval_.count_message();
  PullMessage next = plan_.next(owner_.registry_, owner_.settings_.cluster_name, now);
  next.wanted_bulletins = bulletins_.wanted();
  next.contents = bulletins_.take_page(owner_.board_);
  request_ = std::move(next);
  return std::optional(request_);
}

OutgoingExchange Membership::begin_exchange(std::string peer, Instant now) {
  Message first = DigestMessage{settings_.cluster_name, registry_.buckets(), signs_for(peer, now), board_.lines()};
  return OutgoingExchange(*this, std::move(peer), std::move(first));
}

SignsOfLife Membership::signs_for(std::string_view peer, Instant now) const {
  return {heartbeats_of(registry_, now), suspicions_of(registry_, peer)};
}

void Membership::hear_signs(const SignsOfLife& signs, Instant now) {
  if (registry_.hear(signs.heartbeats, now) && !left_) own_.refute(own_.incarnation(), now);
  hear_suspicions(signs.suspicions, now);
}

void Membership::hear_suspicions(const std::vector<Suspicion>& suspicions, Instant now) {
  for (const Suspicion& suspicion : suspicions) {
    if (suspicion.node_id != registry_.self_id()) {
      pass_on(suspicion, now);
    } else if (suspicion.incarnation == own_.incarnation() && !left_) {
      own_.refute(suspicion.incarnation, now);
    }
  }
}

/// A coordinator tells a linked node at once that somebody doubts it, so that it can answer for itself.
void Membership::pass_on(const Suspicion& suspicion, Instant now) {
  constexpr std::chrono::seconds kSpacing{1};
  const Node* node = registry_.find(suspicion.node_id);
  if (role_ != pki::Role::coordinator || node == nullptr || !node->linked) return;
  if (node->status != NodeStatus::alive || node->checked->record.incarnation != suspicion.incarnation) return;
  const auto [last, is_first] = passed_on_.try_emplace(suspicion.node_id, now.monotonic);
  if (!is_first && now.monotonic - last->second < kSpacing) return;
  last->second = now.monotonic;
  auto message = std::make_shared<PushMessage>();
  message->suspicions.push_back(suspicion);
  actions_.pushes.push_back({{suspicion.node_id}, std::move(message)});
}

Result<CheckedRecordPtr> Membership::check(const CarriedRecord& carried, Instant now) {
  const SignedRecord& candidate = *carried.signed_record;
  if (carried.with_certificate) return checker_.check(candidate, now.wall);
  if (CheckedRecordPtr known = checker_.remembered(candidate.record, now.wall)) return known;
  const auto record = decode_record(candidate.record);
  if (!record) return record.error();
  const Node* node = registry_.find(record->node_id);
  if (node == nullptr) {
    return Error(Errc::not_found, fmt::format("record of {} came without its certificate", record->node_id));
  }
  return checker_.check({candidate.record, candidate.signature, node->checked->signed_record.certificate}, now.wall);
}

std::vector<std::string> Membership::absorb(const CarriedRecords& records, std::string_view from, Instant now) {
  std::vector<std::string> arrived;
  for (const CarriedRecord& carried : records) {
    const auto checked = check(carried, now);
    if (!checked) {
      // Without a certificate it was meant for those who have one; anti-entropy brings it whole.
      if (checked.error().kind() != Errc::not_found) tell_refused(checked.error(), from, now);
      continue;
    }
    arrived.push_back((*checked)->record.node_id);
    absorb_one(*checked, carried, now);
  }
  flush_pushes(now);
  return arrived;
}

void Membership::absorb_one(const CheckedRecordPtr& checked, const CarriedRecord& carried, Instant now) {
  const Record& record = checked->record;
  if (record.node_id == registry_.self_id()) {
    const Node* self = registry_.find(record.node_id);
    if (left_ || version_of(*checked) == version_of(*self->checked)) return;
    if (record.incarnation < own_.incarnation()) return;
    say(EventKind::self, LogLevel::info,
        fmt::format("another record of this node is about (incarnation {}, at {}); raising above it",
                    record.incarnation, addresses_text(record.addresses)));
    return own_.refute(record.incarnation, now);
  }
  const Node* before = registry_.find(record.node_id);
  const bool with_certificate = before == nullptr || before->status != NodeStatus::alive ||
                                before->checked->certificate_hash != checked->certificate_hash ||
                                before->checked->record.instance != record.instance;
  const auto outcome = registry_.merge(checked, {carried.heartbeat, carried.age}, now);
  if (!outcome) return tell_refused(outcome.error(), "the registry", now);
  const bool is_news = *outcome == MergeOutcome::added || *outcome == MergeOutcome::replaced;
  if (is_news) claims_.settle(record.node_id, record.instance);
  if (is_news && role_ == pki::Role::coordinator) pushes_.add(record.node_id, with_certificate, now);
}

Result<void> Membership::check_peer(const pki::Identity& peer, const std::string& cluster_name) const {
  if (peer.role == pki::Role::operator_) {
    return Error(Errc::not_permitted, fmt::format("{} is an operator, not a node", peer.name));
  }
  if (peer.cluster_name != settings_.cluster_name || cluster_name != settings_.cluster_name) {
    return Error(
        Errc::not_permitted,
        fmt::format("{} speaks for the cluster \"{}\", this is \"{}\"", peer.name,
                    escape_controls(peer.cluster_name != settings_.cluster_name ? peer.cluster_name : cluster_name),
                    settings_.cluster_name));
  }
  return {};
}

Result<Message> Membership::receive(const pki::Identity& peer, const Message& request, Instant now) {
  if (const auto* digest = std::get_if<DigestMessage>(&request)) {
    if (auto fine = check_peer(peer, digest->cluster_name); !fine) return fine.error();
    interval_.count_message();
    beat(now);
    hear_signs(digest->signs, now);
    DiffMessage answer = answer_digest(registry_, digest->buckets);
    answer.signs = signs_for(peer.name, now);
    answer.bulletins = board_.differing(digest->bulletins);
    return Message(std::move(answer));
  }
  if (const auto* pull = std::get_if<PullMessage>(&request)) {
    if (auto fine = check_peer(peer, pull->cluster_name); !fine) return fine.error();
    interval_.count_message();
    RecordsMessage answer = answer_wanted(registry_, pull->wanted, now);
    answer.contents = board_.answer(pull->wanted_bulletins);
    absorb(pull->records, peer.name, now);
    absorb_bulletins(pull->contents, peer.name, now);
    return Message(std::move(answer));
  }
  return Error(Errc::invalid, fmt::format("an exchange does not begin with \"{}\"", type_of(request)));
}

Result<void> Membership::receive_push(const pki::Identity& peer, const PushMessage& message, Instant now) {
  if (auto fine = check_peer(peer, settings_.cluster_name); !fine) return fine.error();
  interval_.count_message();
  absorb(message.records, peer.name, now);
  hear_suspicions(message.suspicions, now);
  absorb_bulletins(message.contents, peer.name, now);
  if (!board_.lacking(message.bulletins).empty()) hurry_round(now);
  return {};
}

}  // namespace p2p::membership
