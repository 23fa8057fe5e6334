// The membership of one node as a pure machine: messages, link events and the clock go in; answers come back as values,
// everything else to be done comes out as Actions. One thread (the control loop). No I/O.
//
// After every call, take_actions() and carry them out; call tick() at next_wakeup().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.hpp"
#include "membership/bulletin.hpp"
#include "membership/cluster_view.hpp"
#include "membership/exchange.hpp"
#include "membership/join_claims.hpp"
#include "membership/join_schedule.hpp"
#include "membership/own_record.hpp"
#include "membership/push_queue.hpp"
#include "membership/settings.hpp"
#include "membership/state_file.hpp"
#include "membership/targets.hpp"

namespace p2p::membership {

struct PushTo {
  std::vector<std::string> links;  ///< node ids
  std::shared_ptr<const PushMessage> message;
};

/// Find out whether the node can be dialled (any TLS answer with its identity), and report dial_back_ended.
struct DialBack {
  std::string node_id;
  std::vector<std::string> addresses;
};

struct Actions {
  std::vector<ExchangeTarget> exchanges;  ///< begin_exchange, then POST /internal/gossip/exchange until it is done
  std::optional<std::vector<std::string>> join;  ///< POST join_request() to one of these coordinator addresses
  std::vector<PushTo> pushes;
  std::vector<DialBack> dial_backs;
  std::vector<BulletinPtr> bulletins;  ///< newly held ones, those of the saved state among them: for whoever owns them
  Events events;                       ///< for the log, the dashboard and watchers
  bool save_state = false;             ///< write saved_state() soon: the own incarnation rose, or a bulletin came
};

/// A join under a name whose last holder may still live: ask that one (over its link when there is one, else at its
/// addresses, for at most half a second) whether it answers with this instance, then call finish_join.
struct JoinProbe {
  std::string node_id;
  NameHolder holder;
};
using JoinDecision = std::variant<JoinedMessage, JoinProbe>;

class Membership;

/// The asking side of one exchange: send `request()`, feed the answer to take_answer, until that gives nothing more.
/// The membership must outlive it.
class OutgoingExchange {
 public:
  const Message& request() const { return request_; }
  /// The next request, or nullopt when both sides are equal (or the rest is left to the next exchange). An answer of a
  /// wrong type is `damaged`.
  Result<std::optional<Message>> take_answer(const Message& answer, Instant now);

 private:
  friend class Membership;
  OutgoingExchange(Membership& owner, std::string peer, Message first)
      : owner_(owner), peer_(std::move(peer)), request_(std::move(first)) {}
  Membership& owner_;
  std::string peer_;
  Message request_;
  PullPlan plan_;
  BulletinPlan bulletins_;
  bool listed_ = false;
  int pages_ = 0;
};

class Membership {
 public:
  /// Signer, checker and random must outlive it. `role` is that of the own certificate. Without `check_bulletin` no
  /// kind of bulletin is known.
  Membership(Settings settings, SelfFacts facts, pki::Role role, RecordSigner& signer, RecordChecker& checker,
             Random& random, const SavedState& saved, Instant now, BulletinChecker check_bulletin = {});

  /// Signs the own record, one incarnation above the saved one, and begins. Call once, before anything else.
  Result<void> start(Instant now);
  void tick(Instant now);
  Monotonic next_wakeup() const;
  Actions take_actions();

  // The asking side.
  /// `peer` is the target's node_id, empty where it is not known beforehand.
  OutgoingExchange begin_exchange(std::string peer, Instant now);
  /// The exchange came to its end; `peer` is reachable.
  void exchange_done(const std::string& peer);
  /// Nobody answered: others are asked first for a while.
  void exchange_failed(const std::string& peer, Instant now);
  JoinMessage join_request(Instant now) const;
  /// `address` is the one that answered.
  Result<void> join_answered(const JoinedMessage& answer, const std::string& address, Instant now);
  /// The coordinator said no (another live process has this name): nothing is gossiped until a later join is accepted.
  void join_refused(const Error& reason);

  // The answering side. `peer` is whom the connection's certificate speaks for.
  /// Digest → Diff, Pull → Records. `not_permitted` for operators and foreign clusters, `invalid` for other messages.
  Result<Message> receive(const pki::Identity& peer, const Message& request, Instant now);
  /// At a coordinator. `not_permitted` for a record of another node than `peer`.
  Result<JoinDecision> receive_join(const pki::Identity& peer, const JoinMessage& request, Instant now);
  /// After the probe: `exists`, naming both addresses, when the holder answered; another probe when the name has gone
  /// to a third process meanwhile.
  Result<JoinDecision> finish_join(const pki::Identity& peer, const JoinMessage& request, const JoinProbe& probe,
                                   bool holder_answers, Instant now);
  /// Over a link, from the node at its other end.
  Result<void> receive_push(const pki::Identity& peer, const PushMessage& message, Instant now);

  // Links, of which there is at most one a node: a newer one replaces the older without a link_down.
  void link_up(const std::string& node_id, Instant now);
  void link_down(const std::string& node_id, Instant now);
  /// Ends a DialBack.
  void dial_back_ended(const std::string& node_id, bool answered, Instant now);

  // This node itself.
  void set_self(SelfFacts facts, Instant now);
  /// The certificate or its key was renewed: sign again.
  void certificate_changed(Instant now);
  /// Says goodbye: the record with status `left` goes out over links and to a round of targets; no round follows.
  void leave(Instant now);

  // Bulletins.
  /// Gives the fleet a new version of a document; false when it is not newer than what is held. Over links at once.
  /// `unsupported` or another error of the checker, `too_large` past a limit.
  Result<bool> publish(std::string kind, Bytes content, Instant now);
  /// The newest one of this kind that is held; nullptr for none.
  BulletinPtr bulletin(std::string_view kind) const { return board_.find(kind); }

  // The operator.
  /// Takes a node off the list; `and_incarnation` for a revoked name. `not_found` when it is not listed.
  Result<void> forget(const std::string& node_id, bool and_incarnation, Instant now);
  /// After a new revocation list or new roots: every record and bulletin is checked again, and those that fail are
  /// forgotten.
  void recheck(Instant now);

  const SelfFacts& self() const { return own_.facts(); }
  pki::Role role() const { return role_; }
  std::chrono::milliseconds current_interval() const { return interval_.current(); }
  const Registry& registry() const { return registry_; }
  SavedState saved_state() const;
  /// A new pointer whenever something in it changed.
  ClusterViewPtr view();

 private:
  friend class OutgoingExchange;
  Judgement rules() const;
  void begin_round(Instant now);
  void beat(Instant now);
  void raise_own(std::uint64_t exceed, Instant now);
  void judge(Instant now);
  void flush_pushes(Instant now);
  SignsOfLife signs_for(std::string_view peer, Instant now) const;
  void hear_signs(const SignsOfLife& signs, Instant now);
  void hear_suspicions(const std::vector<Suspicion>& suspicions, Instant now);
  void pass_on(const Suspicion& suspicion, Instant now);
  /// Takes in what holds, tells of what does not; the node ids of all that could be read.
  std::vector<std::string> absorb(const CarriedRecords& records, std::string_view from, Instant now);
  Result<CheckedRecordPtr> check(const CarriedRecord& carried, Instant now);
  void absorb_one(const CheckedRecordPtr& checked, const CarriedRecord& carried, Instant now);
  Result<void> check_peer(const pki::Identity& peer, const std::string& cluster_name) const;
  Result<CheckedRecordPtr> check_join(const pki::Identity& peer, const JoinMessage& request, Instant now);
  std::optional<NameHolder> holder_of(const std::string& node_id, Instant now) const;
  JoinedMessage let_in(const CheckedRecordPtr& checked, const CarriedRecord& carried, Instant now);
  /// Takes in what is genuine and newer, tells of what is not genuine.
  void absorb_bulletins(const CarriedBulletins& contents, std::string_view from, Instant now);
  void hold(const BulletinPtr& bulletin, std::string_view from, Instant now);
  void hurry_round(Instant now);
  void tell_refused(const Error& why, std::string_view from, Instant now);
  bool is_rival_coordinator(const std::string& node_id) const;
  void tell_rival(const std::string& node_id);
  void say(EventKind kind, LogLevel level, std::string text);

  Settings settings_;
  pki::Role role_;
  RecordChecker& checker_;
  Random& random_;
  OwnRecord own_;
  AdaptiveInterval interval_;
  Registry registry_;
  JoinSchedule joining_;
  JoinClaims claims_;
  PushQueue pushes_;
  BulletinBoard board_;
  Actions actions_;
  bool left_ = false;
  Monotonic next_round_ = Monotonic::max();
  Monotonic next_hurry_{};
  Monotonic next_judgement_ = Monotonic::max();
  Monotonic last_beat_{};
  std::map<std::string, Monotonic, std::less<>> passed_on_;  ///< suspicions, by node id
  std::map<std::string, Monotonic, std::less<>> told_;       ///< refused records already in the log, by reason
  ClusterViewPtr view_;
  std::uint64_t viewed_version_ = 0;
};

}  // namespace p2p::membership
