// What probes say of the way from one own address to one coordinator. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "addresses/path_probe.hpp"
#include "addresses/ranking.hpp"

namespace p2p::addresses {

/// Whether a path that was tried can be used, as PathProbe::is_good; `in_fleet`: certificates were asked for.
bool can_be_used(const PathProbe& probe, bool in_fleet) noexcept;

/// Whether it can be used, and nothing says that the own address is not to be dialled.
bool is_good_both_ways(const PathProbe& probe);

/// The two ends of a path, as a PathProbe has them.
struct PathEnds {
  std::string source{};
  std::string target{};
  auto operator<=>(const PathEnds&) const = default;
};
/// Those that cannot be used.
std::vector<PathEnds> failed_paths(const std::vector<PathProbe>& probes);
/// What is known after a round that tried some paths anew: of those, what it has found, but that a dial back which it
/// could not have done says nothing against, nor for, what was known of it before.
std::vector<PathProbe> merge_probes(std::vector<PathProbe> before, std::vector<PathProbe> found);

struct PathEvidence {
  Path path = Path::untried;
  bool is_foreign = false;  ///< somebody else answers there; the way is then not to be used, whatever else is known
  std::optional<std::chrono::microseconds> round_trip{};
  std::optional<IpAddress> seen_as{};  ///< the own address as the coordinator saw it, where it saw another
};

/// What the probes from one own address say of the way to each coordinator.
class EvidenceFrom {
 public:
  /// `coordinator` is its number in the list.
  const PathEvidence& to(std::size_t coordinator) const;

 private:
  friend class EvidenceIndex;
  std::map<std::size_t, PathEvidence> found_;
};

/// Of each source and coordinator, what the last probe between them says.
class EvidenceIndex {
 public:
  EvidenceIndex(const std::vector<PathProbe>& probes, const std::vector<Coordinator>& coordinators);
  const EvidenceFrom& from(const IpAddress& source) const;

 private:
  std::map<IpAddress, EvidenceFrom> from_;
};

}  // namespace p2p::addresses
