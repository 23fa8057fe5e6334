// A sign of life that travels through others: not signed, so it keeps a name listed and proves nothing more.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace p2p::membership {

struct Heartbeat {
  std::string node_id;
  std::uint64_t incarnation = 0;  ///< the counter begins anew with each
  std::uint64_t counter = 0;      ///< raised by the owner alone; from 1
  /// How long ago the owner raised it, as far as the sender can tell: news that took a detour is not mistaken for life.
  std::chrono::milliseconds age{};
  bool operator==(const Heartbeat&) const = default;
};

/// Somebody judges this node to be suspected or dead under this incarnation. Only the node itself acts on it.
struct Suspicion {
  std::string node_id;
  std::uint64_t incarnation = 0;
  bool operator==(const Suspicion&) const = default;
};

}  // namespace p2p::membership
