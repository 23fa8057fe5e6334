// What a coordinator tells, to who asks once, of the nodes that are not well: `cluster.problems`. Pure.
#pragma once

#include <string>

#include "dashboard/snapshot.hpp"

namespace p2p::dashboard {

/// The answer of `cluster.problems` (p2p-protocol(7)), from entries that are judged. It quotes no line of the log: that
/// takes a right of its own.
std::string problems_json(const Snapshot& snapshot);

}  // namespace p2p::dashboard
