// This node's own record: its facts, its incarnation, and when to raise it (DESIGN.md section 9). Pure.
#pragma once

#include <optional>

#include "membership/checked_record.hpp"
#include "membership/instant.hpp"

namespace p2p::membership {

/// What this node has to say of itself.
struct SelfFacts {
  std::string node_id;
  std::vector<std::string> addresses;  ///< host:port
  std::vector<ServiceVersion> services;
  std::vector<std::string> capabilities;
  std::string version;
  WallTime started_at{};
  std::uint64_t instance = 0;  ///< random for each start of the process
  std::optional<bool> dialable;
  std::vector<std::string> roots{};  ///< as in Record
  bool operator==(const SelfFacts&) const = default;
};

class OwnRecord {
 public:
  /// `last_incarnation` as it was saved, 0 for none. `signer` and `checker` must outlive this.
  OwnRecord(SelfFacts facts, pki::Role role, RecordSigner& signer, const RecordChecker& checker,
            std::uint64_t last_incarnation);

  const SelfFacts& facts() const { return facts_; }
  void set_facts(SelfFacts facts) { facts_ = std::move(facts); }
  std::uint64_t incarnation() const { return incarnation_; }

  /// A new version, signed: its incarnation is above the last one and above `exceed`. Fails, and changes nothing, when
  /// signing fails, the facts are past a limit (`too_large`) or the incarnations are used up.
  Result<CheckedRecordPtr> raise(std::uint64_t exceed, RecordStatus status);

  /// Somebody doubts us, or holds a record of ours that we do not: raise above `exceed` soon, at most once a second.
  void refute(std::uint64_t exceed, Instant now);
  /// When the refutation is due; Monotonic::max() when there is none.
  Monotonic refutation_due() const { return due_; }
  /// What the next incarnation must exceed, once that is due; nullopt when it is not, or was exceeded meanwhile.
  std::optional<std::uint64_t> take_refutation(Instant now);

 private:
  SelfFacts facts_;
  pki::Role role_;
  RecordSigner& signer_;
  const RecordChecker& checker_;
  std::uint64_t incarnation_;
  std::optional<Monotonic> last_refutation_;
  Monotonic due_ = Monotonic::max();
  std::uint64_t exceed_ = 0;
};

}  // namespace p2p::membership
