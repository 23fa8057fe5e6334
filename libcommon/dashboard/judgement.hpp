// Whether a node is well, and in one sentence each what is not: the same for every page. Pure.
#pragma once

#include <chrono>

#include "dashboard/snapshot.hpp"

namespace p2p::dashboard {

/// A clock that is further off is said to be (DESIGN.md section 3).
inline constexpr std::chrono::milliseconds kClockTolerance{2'000};
inline constexpr double kFullDisk = 0.9;
/// The part of its calls from which on a method fails.
inline constexpr double kFailingCalls = 0.1;
/// Of a certificate's life: what is left when it should have been renewed.
inline constexpr int kExpiringPart = 3;

/// `expired`, `expiring` in its last third, else `valid`.
std::string_view certificate_state(WallTime not_before, WallTime not_after, WallTime now) noexcept;

/// `disk.usage: half of its calls fail, or more; last: …`.
std::string text_of(const FailingMethod& failing);

/// Fills `health` and `problems`, the worst first, from the rest of the entry. Failing: a certificate that was
/// revoked, dead, a service that failed or is degraded, a certificate that has expired. Warning: a service that was
/// restarted lately, suspected, a certificate in its last third, figures that cannot be, a clock that is off, a full
/// disk, a method of which a tenth of the calls fail, errors in the log. A node that has left is well.
void judge(NodeEntry& node);

}  // namespace p2p::dashboard
