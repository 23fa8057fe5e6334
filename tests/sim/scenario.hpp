// The hard minute of a fleet's life that each seed plays: a cold start under loss, kills, restarts with and without
// state, changes, renewals, goodbyes and a partition that heals; then quiet, in which all registries must become equal.
#pragma once

#include <cstdint>
#include <string>

namespace p2p::sim {

struct Outcome {
  bool equal = false;
  std::string difference;        ///< the first one, or what went wrong on the way, when not equal
  double equal_after_seconds{};  ///< of simulated time, since the last disturbance
  std::uint64_t message_count = 0;
};

Outcome play(std::uint64_t seed, int node_count, bool trace);

}  // namespace p2p::sim
