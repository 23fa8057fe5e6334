#include "membership/own_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace p2p::membership {
namespace {

constexpr std::chrono::seconds kBetweenRefutations{1};

}  // namespace

OwnRecord::OwnRecord(SelfFacts facts, pki::Role role, RecordSigner& signer, const RecordChecker& checker,
                     std::uint64_t last_incarnation)
    : facts_(std::move(facts)), role_(role), signer_(signer), checker_(checker), incarnation_(last_incarnation) {}

Result<CheckedRecordPtr> OwnRecord::raise(std::uint64_t exceed, RecordStatus status) {
  const std::uint64_t above = std::max(incarnation_, exceed);
  if (above >= kMaxIncarnation) {
    return Error(Errc::failed, fmt::format("the incarnations of {} are used up", facts_.node_id));
  }
  SignedRecord out;
  out.record =
      encode_record({facts_.node_id, above + 1, facts_.addresses, facts_.services, facts_.capabilities, facts_.version,
                     facts_.started_at, facts_.instance, status, facts_.dialable, facts_.roots});
  // Read back as others will: what they would refuse is not sent at all.
  auto record = decode_record(out.record);
  if (!record) return Error(record.error().code, "own " + record.error().context);
  auto signature = signer_.sign(signed_text(checker_.cluster_name(), out.record));
  if (!signature) return signature.error();
  out.signature = std::move(*signature);
  out.certificate = signer_.certificate();
  incarnation_ = above + 1;
  return checker_.trust(std::move(*record), std::move(out), role_, signer_.certificate_facts());
}

void OwnRecord::refute(std::uint64_t exceed, Instant now) {
  exceed_ = std::max(exceed_, exceed);
  if (due_ != Monotonic::max()) return;
  due_ = last_refutation_ ? std::max(now.monotonic, *last_refutation_ + kBetweenRefutations) : now.monotonic;
}

std::optional<std::uint64_t> OwnRecord::take_refutation(Instant now) {
  if (now.monotonic < due_) return std::nullopt;
  due_ = Monotonic::max();
  last_refutation_ = now.monotonic;
  const std::uint64_t exceed = std::exchange(exceed_, 0);
  return exceed < incarnation_ ? std::nullopt : std::optional(exceed);
}

}  // namespace p2p::membership
