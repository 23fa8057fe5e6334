#include "addresses/path_evidence.hpp"

#include <algorithm>

namespace p2p::addresses {

namespace {

/// Without the zone of one, which the coordinator does not know.
std::optional<IpAddress> other_than(const IpAddress& source, const std::optional<std::string>& seen_as) {
  const auto seen = seen_as ? IpAddress::parse(*seen_as) : std::nullopt;
  if (!seen || seen->without_zone() == source.without_zone()) return std::nullopt;
  return seen;
}

Path path_of(const PathProbe& probe, bool is_seen_as_other) {
  if (!probe.is_good) return Path::fails;
  // Whoever is dialled back is then not to be found at the address that others would be told.
  if (probe.dials_back == false || is_seen_as_other) return Path::one_way;
  return probe.dials_back || !probe.asked_back ? Path::works : Path::answers;
}

}  // namespace

bool can_be_used(const PathProbe& probe, bool in_fleet) noexcept {
  if (in_fleet) return probe.peer == Peer::expected && probe.reached == Reached::healthy;
  return probe.reached != Reached::nothing;
}

bool is_good_both_ways(const PathProbe& probe) {
  const auto source = IpAddress::parse(probe.source);
  const bool is_seen_as_other = source && other_than(*source, probe.seen_as).has_value();
  const Path path = path_of(probe, is_seen_as_other);
  return path == Path::works || path == Path::answers;
}

std::vector<PathEnds> failed_paths(const std::vector<PathProbe>& probes) {
  std::vector<PathEnds> out;
  for (const auto& probe : probes) {
    if (!probe.is_good) out.push_back({probe.source, probe.target});
  }
  return out;
}

std::vector<PathProbe> merge_probes(std::vector<PathProbe> before, std::vector<PathProbe> found) {
  for (auto& probe : found) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const PathProbe& other) {
      return other.source == probe.source && other.target == probe.target;
    });
    if (known == before.end()) {
      before.push_back(std::move(probe));
      continue;
    }
    if (probe.is_good && !probe.dials_back && known->seen_as == probe.seen_as) probe.dials_back = known->dials_back;
    *known = std::move(probe);
  }
  return before;
}

const PathEvidence& EvidenceFrom::to(std::size_t coordinator) const {
  static const PathEvidence kUntried;
  const auto found = found_.find(coordinator);
  return found == found_.end() ? kUntried : found->second;
}

EvidenceIndex::EvidenceIndex(const std::vector<PathProbe>& probes, const std::vector<Coordinator>& coordinators) {
  if (probes.empty()) return;
  std::multimap<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < coordinators.size(); ++i) numbers.emplace(coordinators[i].target(), i);
  for (const PathProbe& probe : probes) {
    const auto source = IpAddress::parse(probe.source);
    if (!source) continue;
    PathEvidence evidence;
    evidence.round_trip = probe.round_trip;
    evidence.is_foreign = probe.peer == Peer::foreign;
    evidence.seen_as = other_than(*source, probe.seen_as);
    evidence.path = path_of(probe, evidence.seen_as.has_value());
    const auto [begin, end] = numbers.equal_range(probe.target);
    for (auto at = begin; at != end; ++at) from_[*source].found_[at->second] = evidence;
  }
}

const EvidenceFrom& EvidenceIndex::from(const IpAddress& source) const {
  static const EvidenceFrom kNothing;
  const auto found = from_.find(source);
  return found == from_.end() ? kNothing : found->second;
}

}  // namespace p2p::addresses
