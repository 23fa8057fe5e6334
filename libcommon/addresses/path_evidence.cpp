#include "addresses/path_evidence.hpp"

#include <algorithm>

namespace p2p::addresses {

PathEvidence evidence(const std::vector<PathProbe>& probes, const IpAddress& source, const Coordinator& target) {
  const std::string address = target.target();
  const auto probe = std::find_if(probes.rbegin(), probes.rend(), [&](const PathProbe& candidate) {
    const auto from = IpAddress::parse(candidate.source);
    return from && from->without_zone() == source.without_zone() && candidate.target == address;
  });
  PathEvidence out;
  if (probe == probes.rend()) return out;
  out.round_trip = probe->round_trip;
  out.is_foreign = probe->peer == Peer::foreign;
  // Where nobody's certificate is asked for, a connection without complaint is all that there is to know.
  const bool answered = probe->peer == Peer::expected || (probe->reached != Reached::nothing && probe->failure.empty());
  if (out.is_foreign || !answered) {
    out.path = Path::fails;
  } else {
    out.path = probe->dials_back == false ? Path::one_way : Path::works;
  }
  return out;
}

}  // namespace p2p::addresses
