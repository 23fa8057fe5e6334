// Records counted by level, node, logger and time: what `/api/logs/stats` answers, part by part, and what a client adds
// up. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/log_sink.hpp"
#include "logs/record.hpp"
#include "logs/time_buckets.hpp"

namespace p2p::logs {

inline constexpr std::size_t kMaxBuckets = 1000;
inline constexpr std::size_t kDefaultBuckets = 60;
/// Of nodes, and of loggers, that an answer names.
inline constexpr std::size_t kMaxTopNames = 1000;
inline constexpr std::size_t kDefaultTopNames = 20;

/// Of nodes, and of loggers, that are counted one by one; records of others are in the sums alone.
inline constexpr std::size_t kMaxCountedNames = 1 << 16;

std::uint64_t total_of(const LevelCounts& counts);
void add(LevelCounts& to, const LevelCounts& counts);

struct LogStats {
  using ByName = std::unordered_map<std::string, LevelCounts>;

  WallTime since{};  ///< received_at at or after
  WallTime until{};  ///< received_at before
  TimeBuckets buckets{};
  std::vector<LevelCounts> histogram{};  ///< of each bucket
  LevelCounts levels{};
  ByName nodes{};
  ByName loggers{};
  /// How many have records; more than are in the maps where they came as an answer that names only the first.
  std::size_t node_count = 0;
  std::size_t logger_count = 0;

  /// For records from `since` to `until`, nothing counted yet.
  static LogStats over(WallTime since, WallTime until, std::size_t max_buckets);

  void add(WallTime received_at, LogLevel level, std::uint64_t count = 1);
  /// `invalid` when the other one's buckets are different ones.
  Result<void> merge(const LogStats& other);
};

/// Within kMaxCountedNames.
void add(LogStats::ByName& to, const std::string& name, const LevelCounts& counts);

struct NamedCounts {
  std::string name;
  LevelCounts counts;
};
/// Those with the most records first, and then by name.
std::vector<NamedCounts> top_of(const LogStats::ByName& counts, std::size_t limit);

/// {"since":…,"until":…,"records":N,"levels":{"DEBUG":N,…},"node_count":N,"nodes":[{"node_id":…,"records":N,
/// "levels":{…}}],"logger_count":N,"loggers":[{"logger_name":…,…}],"bucket_seconds":N,"histogram":[{"time":…,"records":
/// N,"levels":{…}}]} and `cursor` and `more` unless the cursor is empty. `nodes` and `loggers` are the first `top`;
/// `levels` always has all five.
std::string stats_json(const LogStats& stats, std::size_t top, std::string_view cursor = {}, bool more = false);

struct StatsPart {
  LogStats stats;
  std::string cursor;
  bool more = false;
};
/// The inverse; `damaged` for anything else.
Result<StatsPart> parse_stats(const Json& answer);

}  // namespace p2p::logs
