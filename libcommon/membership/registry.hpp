// Every node that this one knows of: its newest record, what this node thinks of it, and the bucket sums over them all.
// Merge rules of DESIGN.md section 9. Pure; one thread.
//
// A record is *offered* (counted in the buckets and passed on) from its node's first sign of life until the node has
// been dead, or gone, for `settle_after`: hearsay of the dead does not travel. Then a worker forgets it (a tombstone
// keeps its version, so that old news cannot revive it) and a coordinator goes on listing it; so quiet registries offer
// the same, whoever lists what.
#pragma once

#include <boost/container/flat_map.hpp>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "membership/buckets.hpp"
#include "membership/checked_record.hpp"
#include "membership/event.hpp"
#include "membership/heartbeat.hpp"
#include "membership/instant.hpp"
#include "membership/status.hpp"

namespace p2p::membership {

struct Node {
  CheckedRecordPtr checked;
  NodeStatus status = NodeStatus::suspected;
  std::uint64_t heartbeat = 0;  ///< the highest heard under this incarnation; 0 = none yet
  Monotonic last_rise{};  ///< when the owner raised its heartbeat, as far as one can tell; else when it was learned
  WallTime last_seen{};   ///< the same moment for people; 0 = never
  Monotonic ended_at{};   ///< since when dead or left
  std::optional<Monotonic> refused_at;  ///< its link broke and a dial back was refused
  Monotonic avoid_until{};              ///< an exchange with it failed: others are asked first until then
  std::optional<bool> dialable;         ///< as far as this node tried
  std::uint8_t bucket = 0;              ///< bucket_of its id
  bool linked = false;
  bool offered = false;
};

/// What is left of a node that was forgotten.
struct Tombstone {
  RecordVersion version;
  std::uint64_t heartbeat = 0;
  WallTime until{};
  bool lifted = false;  ///< a later heartbeat was heard: the same record is welcome again
};

/// How long silence lasts before it means something.
struct Judgement {
  Monotonic::duration suspect_after{};
  Monotonic::duration dead_after{};
  Monotonic::duration dead_after_refusal{};
  Monotonic::duration settle_after{};
};

/// A heartbeat without its name.
struct SignOfLife {
  std::uint64_t counter = 0;  ///< 0: none
  std::chrono::milliseconds age{};
};

enum class MergeOutcome : unsigned char { added, replaced, same, older };

class Registry {
 public:
  /// Sorted by node_id, and flat: every message walks it, and few change it. A change of its size moves the nodes.
  using Nodes = boost::container::flat_map<std::string, Node, std::less<>>;

  /// A coordinator lists dead nodes until they are forgotten by hand; others reap them.
  Registry(std::string self_id, bool lists_the_dead, Judgement rules)
      : self_id_(std::move(self_id)), lists_the_dead_(lists_the_dead), rules_(rules) {}
  void set_rules(const Judgement& rules) { rules_ = rules; }

  /// This node's own record, of a new incarnation: always alive, its heartbeat begins at 1.
  void put_self(CheckedRecordPtr own, Instant now);
  void raise_own_heartbeat(Instant now);
  /// A verified record of another node, with the sign of life that came along. Without one a new node begins as
  /// suspected. `too_large` when the registry is full.
  Result<MergeOutcome> merge(const CheckedRecordPtr& checked, SignOfLife sign, Instant now);
  /// Heartbeats heard from anyone; they count only under the incarnation that is known. Fastest when sorted by node_id.
  /// True when one of them is this node's own and above what it ever had: somebody else uses its name, or made it up.
  bool hear(std::span<const Heartbeat> heartbeats, Instant now);
  /// First-hand proof of life: the node itself is on the line.
  void touch(const std::string& node_id, Instant now);

  /// May come before the node's record does.
  void set_linked(const std::string& node_id, bool linked);
  void set_dialable(const std::string& node_id, std::optional<bool> dialable);
  /// A failed exchange: ask others first for a while. No verdict.
  void avoid(const std::string& node_id, Monotonic until);
  /// The link broke and nobody answers there: suspected from now on.
  void mark_refused(const std::string& node_id, Instant now);

  /// Turns silence into statuses, reaps, and expires tombstones.
  void judge(Instant now);
  /// Nothing changes by silence alone before this moment.
  Monotonic next_judgement() const;

  /// Takes the node off the list and leaves a tombstone; with `and_incarnation` (a revoked name) leaves nothing.
  /// False when it was not listed.
  bool forget(const std::string& node_id, bool and_incarnation, Instant now);

  /// Restores what a state file held: nothing in it is a sign of life, so who was alive begins as suspected.
  void restore(const CheckedRecordPtr& checked, NodeStatus status, WallTime last_seen, Instant now);
  void restore(const std::string& node_id, const Tombstone& tombstone) { tombstones_[node_id] = tombstone; }

  const Node* find(std::string_view node_id) const;
  const Nodes& nodes() const { return nodes_; }
  const std::map<std::string, Tombstone, std::less<>>& tombstones() const { return tombstones_; }
  /// The version that a record of this node must exceed to be news; an unlifted tombstone counts.
  std::optional<RecordVersion> known_version(std::string_view node_id) const;
  const std::set<std::string, std::less<>>& links() const { return links_; }
  const BucketSums& buckets() const { return buckets_; }
  const std::string& self_id() const { return self_id_; }

  /// Rises with every change that readers would see, other than `last_seen`.
  std::uint64_t version() const { return version_; }
  Events take_events() { return std::exchange(events_, {}); }

 private:
  Node& insert(const CheckedRecordPtr& checked, Instant now);
  void replace(Node& node, const CheckedRecordPtr& checked, Instant now);
  void note_update(const Record& before, const Record& after);
  bool hear_one(Nodes::iterator at, const Heartbeat& heartbeat, Instant now);
  void lift_tombstone(const Heartbeat& heartbeat);
  void rise(const std::string& node_id, Node& node, Instant when);
  void set_offered(Node& node, bool offered);
  Nodes::iterator bury(Nodes::iterator at, Instant now);  ///< the one after it
  bool judge_one(const std::string& node_id, Node& node, Instant now);
  Monotonic death_of(const Node& node) const;
  void expire_tombstones(Instant now);
  void say(EventKind kind, LogLevel level, const std::string& node_id, std::string text);

  std::string self_id_;
  bool lists_the_dead_;
  Judgement rules_;
  Nodes nodes_;
  std::map<std::string, Tombstone, std::less<>> tombstones_;
  std::set<std::string, std::less<>> links_;  ///< node ids
  BucketSums buckets_{};
  std::uint64_t version_ = 0;
  Events events_;
};

}  // namespace p2p::membership
