// Joins: as the machine of a coordinator decides them, and as that of a worker takes the answer.
#include <fmt/format.h>

#include "membership/membership.hpp"

namespace p2p::membership {

// --- at a coordinator -----------------------------------------------------------------------------------------------

Result<CheckedRecordPtr> Membership::check_join(const pki::Identity& peer, const JoinMessage& request, Instant now) {
  if (auto fine = check_peer(peer, request.cluster_name); !fine) return fine.error();
  if (role_ != pki::Role::coordinator) return Error(Errc::invalid, "a join goes to a coordinator; this is a worker");
  auto checked = check(request.record, now);
  if (!checked) return checked.error();
  const std::string& node_id = (*checked)->record.node_id;
  if (node_id != peer.name) {
    return Error(Errc::not_permitted, fmt::format("{} presents a record of {}", peer.name, node_id));
  }
  return checked;
}

std::optional<NameHolder> Membership::holder_of(const std::string& node_id, Instant now) const {
  if (const NameHolder* claimant = claims_.find(node_id, now)) return *claimant;
  const Node* known = registry_.find(node_id);
  if (known == nullptr || (!known->linked && known->status != NodeStatus::alive)) return std::nullopt;
  return NameHolder{known->checked->record.instance, known->checked->record.addresses};
}

Result<JoinDecision> Membership::receive_join(const pki::Identity& peer, const JoinMessage& request, Instant now) {
  const auto checked = check_join(peer, request, now);
  if (!checked) return checked.error();
  const Record& record = (*checked)->record;
  auto holder = holder_of(record.node_id, now);
  if (holder && holder->instance != record.instance) {
    return JoinDecision(JoinProbe{record.node_id, std::move(*holder)});
  }
  return JoinDecision(let_in(*checked, request.record, now));
}

Result<JoinDecision> Membership::finish_join(const pki::Identity& peer, const JoinMessage& request,
                                             const JoinProbe& probe, bool holder_answers, Instant now) {
  const auto checked = check_join(peer, request, now);
  if (!checked) return checked.error();
  const Record& record = (*checked)->record;
  // Of several that asked at once, another may have been let in during the probe: then that one is to be asked.
  const auto holder = holder_of(record.node_id, now);
  const bool is_taken = holder && holder->instance != record.instance;
  if (is_taken && holder->instance != probe.holder.instance) return JoinDecision(JoinProbe{record.node_id, *holder});
  if (is_taken && holder_answers) {
    std::string text = fmt::format("the name {} is in use: one process answers at {}, another asks to join from {}",
                                   record.node_id, addresses_text(holder->addresses), addresses_text(record.addresses));
    actions_.events.push_back({EventKind::conflict, LogLevel::error, record.node_id, text});
    return Error(Errc::exists, std::move(text));
  }
  return JoinDecision(let_in(*checked, request.record, now));
}

JoinedMessage Membership::let_in(const CheckedRecordPtr& checked, const CarriedRecord& carried, Instant now) {
  const Record& record = checked->record;
  interval_.count_message();
  const auto before = registry_.known_version(record.node_id);
  const bool is_buried = registry_.find(record.node_id) == nullptr;
  JoinedMessage out;
  // Of two records with one incarnation the joiner's is not let in by its hash: a node that lost its state must rise
  // above what is known. Under a tombstone even the same version is old news.
  if (before && before->incarnation >= record.incarnation && (is_buried || *before != version_of(*checked))) {
    out.exceed = before->incarnation;
    claims_.add(record.node_id, {record.instance, record.addresses}, now);
  } else {
    claims_.remove(record.node_id);
    absorb_one(checked, carried, now);
  }
  registry_.touch(record.node_id, now);
  flush_pushes(now);
  out.record = carry(*registry_.find(registry_.self_id()), true, now);
  return out;
}

// --- at a worker ----------------------------------------------------------------------------------------------------

JoinMessage Membership::join_request(Instant now) const {
  return {settings_.cluster_name, carry(*registry_.find(registry_.self_id()), true, now)};
}

Result<void> Membership::join_answered(const JoinedMessage& answer, const std::string& address, Instant now) {
  const auto checked = check(answer.record, now);
  if (!checked) return checked.error();
  if ((*checked)->role != pki::Role::coordinator) {
    return Error(Errc::not_permitted,
                 fmt::format("{} at {} is not a coordinator", (*checked)->record.node_id, address));
  }
  joining_.joined();
  absorb_one(*checked, answer.record, now);
  if (answer.exceed >= own_.incarnation()) raise_own(answer.exceed, now);
  say(EventKind::self, LogLevel::info, fmt::format("joined {} at {}", (*checked)->record.node_id, address));
  actions_.exchanges.push_back({"", {address}});
  return {};
}

void Membership::join_refused(const Error& reason) {
  joining_.refused();
  say(EventKind::self, LogLevel::error, fmt::format("not joined: {}", reason.context));
}

}  // namespace p2p::membership
