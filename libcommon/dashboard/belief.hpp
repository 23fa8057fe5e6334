// Whether what a node tells of itself can be so: one that lies or is broken must not spoil the sums and charts of the
// fleet. Each bound is beyond any machine; within them a node may still lie. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "metrics/node_figures.hpp"

namespace p2p::dashboard {

/// A call and its answer take 1 kB of a network at least, TLS and heads among it: 100 Gbit/s have room for no more.
inline constexpr double kMostCallsPerSecond = 1e7;
/// So many take 28 years at that rate, and more are not told apart by the page (Number.MAX_SAFE_INTEGER).
inline constexpr std::uint64_t kMostCounted = std::uint64_t{1} << 53;
/// Linux cannot be built for an eighth of them.
inline constexpr std::uint64_t kMostCores = 65'536;
/// What processors have lines for (x86-64 and ARMv8.2: 52 bits).
inline constexpr std::uint64_t kMostMemoryBytes = std::uint64_t{1} << 52;
/// The longest offset in a file or file system (off_t).
inline constexpr std::uint64_t kMostDiskBytes = std::uint64_t{1} << 63;

/// What of it cannot be, such as `more calls than a machine can answer`; none where all can. `before` is what the node
/// told `span` ago, or null.
std::optional<std::string_view> disbelief(const metrics::NodeFigures& told, const metrics::NodeFigures* before,
                                          Monotonic::duration span);

}  // namespace p2p::dashboard
