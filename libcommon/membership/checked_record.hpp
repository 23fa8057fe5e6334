// From bytes that anyone may have sent to a record that its node has signed. Pure.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "membership/limits.hpp"
#include "membership/record.hpp"
#include "membership/signing.hpp"

namespace p2p::membership {

/// A record whose signature, certificate, cluster and name were found right. Immutable and shared: registry, messages
/// and views point at the same one.
struct CheckedRecord {
  Record record;
  SignedRecord signed_record;  ///< relayed exactly so
  pki::Role role = pki::Role::worker;
  Fingerprint hash{};  ///< SHA-256 of the record's bytes
  Fingerprint certificate_hash{};
  SignerCertificate signer;  ///< what the certificate says
};
using CheckedRecordPtr = std::shared_ptr<const CheckedRecord>;

/// Orders two versions of one node's record: the incarnation first; of two records with one incarnation the larger
/// SHA-256 wins.
struct RecordVersion {
  std::uint64_t incarnation = 0;
  std::uint64_t short_hash = 0;
  auto operator<=>(const RecordVersion&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 trips here
};
inline RecordVersion version_of(const CheckedRecord& checked) {
  return {checked.record.incarnation, short_form(checked.hash)};
}

/// Checks records, and remembers what it found right, so that a relayed record is verified once. One thread.
class RecordChecker {
 public:
  /// How long a verified record is believed without another look at its certificate.
  static constexpr std::chrono::hours kMaxAge{1};
  static constexpr std::size_t kMaxRemembered = 1024;

  /// `verifier` must outlive the checker.
  RecordChecker(std::string cluster_name, RecordVerifier& verifier, FingerprintFunction fingerprint);

  /// `too_large`, `damaged` or `not_permitted`, with the node and the reason in the context.
  Result<CheckedRecordPtr> check(const SignedRecord& candidate, WallTime now);
  /// The record with these bytes if it was verified lately, else nullptr. Spares the parsing of what is known.
  CheckedRecordPtr remembered(ByteView record, WallTime now) const;
  /// A record of our own making: signs nothing, verifies nothing.
  CheckedRecordPtr trust(Record record, SignedRecord signed_record, pki::Role role, SignerCertificate signer) const;
  /// After a change of the revocation list or of the trusted roots.
  void forget_all();

  const std::string& cluster_name() const { return cluster_name_; }

 private:
  struct Entry {
    CheckedRecordPtr checked;
    WallTime at;
  };
  void remember(CheckedRecordPtr checked, WallTime now);

  std::string cluster_name_;
  RecordVerifier& verifier_;
  FingerprintFunction fingerprint_;
  std::map<Fingerprint, Entry> known_;  ///< by record hash
  std::deque<Fingerprint> order_;       ///< oldest first
};

}  // namespace p2p::membership
