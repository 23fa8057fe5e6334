#include "membership/checked_record.hpp"

#include <fmt/format.h>

namespace p2p::membership {
namespace {

Result<void> check_sizes(const SignedRecord& candidate) {
  if (candidate.signature.empty() || candidate.signature.size() > kMaxSignatureBytes) {
    return Error(Errc::too_large, fmt::format("signature of {} bytes", candidate.signature.size()));
  }
  if (candidate.certificate.empty() || candidate.certificate.size() > kMaxCertificateBytes) {
    return Error(Errc::too_large, fmt::format("certificate of {} bytes", candidate.certificate.size()));
  }
  return {};
}

}  // namespace

RecordChecker::RecordChecker(std::string cluster_name, RecordVerifier& verifier, FingerprintFunction fingerprint)
    : cluster_name_(std::move(cluster_name)), verifier_(verifier), fingerprint_(std::move(fingerprint)) {}

Result<CheckedRecordPtr> RecordChecker::check(const SignedRecord& candidate, WallTime now) {
  if (CheckedRecordPtr known = remembered(candidate.record, now)) return known;
  if (auto sizes = check_sizes(candidate); !sizes) return sizes.error();
  auto record = decode_record(candidate.record);
  if (!record) return record.error();
  const std::string& name = record->node_id;
  const auto signer =
      verifier_.verify(signed_text(cluster_name_, candidate.record), candidate.signature, candidate.certificate, now);
  if (!signer) return Error(signer.error().code, fmt::format("record of {}: {}", name, signer.error().context));
  const pki::Identity& identity = signer->identity;
  if (identity.cluster_name != cluster_name_) {
    return Error(Errc::not_permitted,
                 fmt::format("record of {}: its certificate is of the cluster {}", name, identity.cluster_name));
  }
  if (identity.name != name) {
    return Error(Errc::not_permitted, fmt::format("record of {}: its certificate is of {}", name, identity.name));
  }
  if (identity.role == pki::Role::operator_) {
    return Error(Errc::not_permitted, fmt::format("record of {}: an operator is not a node", name));
  }
  auto checked = std::make_shared<CheckedRecord>();
  checked->record = std::move(*record);
  checked->signed_record = candidate;
  checked->role = identity.role;
  checked->hash = fingerprint_(candidate.record);
  checked->certificate_hash = signer->certificate_hash;
  checked->signer = signer->certificate;
  remember(checked, now);
  return CheckedRecordPtr(std::move(checked));
}

CheckedRecordPtr RecordChecker::remembered(ByteView record, WallTime now) const {
  if (record.size() > kMaxRecordBytes) return nullptr;
  const auto found = known_.find(fingerprint_(record));
  if (found == known_.end()) return nullptr;
  // A wall clock that was set back makes the entry look young for ever; then it is simply verified again.
  const auto age = now - found->second.at;
  return age < kMaxAge && age > -kMaxAge ? found->second.checked : nullptr;
}

CheckedRecordPtr RecordChecker::trust(Record record, SignedRecord signed_record, pki::Role role,
                                      SignerCertificate signer) const {
  auto checked = std::make_shared<CheckedRecord>();
  checked->hash = fingerprint_(signed_record.record);
  checked->certificate_hash = fingerprint_(signed_record.certificate);
  checked->record = std::move(record);
  checked->signed_record = std::move(signed_record);
  checked->role = role;
  checked->signer = std::move(signer);
  return checked;
}

void RecordChecker::forget_all() {
  known_.clear();
  order_.clear();
}

void RecordChecker::remember(CheckedRecordPtr checked, WallTime now) {
  const Fingerprint key = checked->hash;
  if (known_.insert_or_assign(key, Entry{std::move(checked), now}).second) order_.push_back(key);
  while (order_.size() > kMaxRemembered) {
    known_.erase(order_.front());
    order_.pop_front();
  }
}

}  // namespace p2p::membership
