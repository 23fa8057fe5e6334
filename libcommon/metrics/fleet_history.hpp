// The histories of all nodes and of the fleet as a whole, within a bound of memory, and the file that keeps them across
// restarts. Pure.
//
// The file, numbers little-endian:
//   0   8  "P2PHIST1"        8  8  when it was written, in seconds since 1970
//   16  4  histories         then each: 1 byte length of the node's name (0: the fleet), the name, and its three rings:
//          8 last step, 4 rows, and the rows from the oldest on, two bytes a number (history_ring.hpp)
//   …   8  SipHash-2-4, with a key of zeros, of all before it: against torn files, not against people
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "metrics/history.hpp"

namespace p2p::metrics {

/// What the histories of nodes take together. 575 nodes have theirs whole; with more, the two longer ranges of each get
/// shorter, so that 5,000 nodes have 15 minutes, 96 minutes and 9.6 hours. The fleet's own is always whole.
inline constexpr std::size_t kMaxHistoriesBytes = 256 << 20;
inline constexpr std::size_t kMaxHistories = 5'000;

/// After how long to write a file of that size again: so that it comes to kSavedBytesPerSecond at most, within 15 s and
/// 10 minutes. What came since the last time is what a kill costs.
std::chrono::seconds save_interval(std::size_t file_bytes) noexcept;
inline constexpr std::size_t kSavedBytesPerSecond = 128 << 10;
inline constexpr std::chrono::seconds kLeastSaveInterval{15}, kMostSaveInterval{600};

/// One thread.
class FleetHistory {
 public:
  using Nodes = std::map<std::string, History, std::less<>>;

  explicit FleetHistory(std::size_t max_bytes = kMaxHistoriesBytes) : max_bytes_(max_bytes) {}

  void add_fleet(std::int64_t second, const SeriesValues& values) { fleet_.add(second, values); }
  /// Of a node more than kMaxHistories nothing is kept.
  void add(const std::string& node_id, std::int64_t second, const SeriesValues& values);
  /// Lets go of nodes of which nothing was heard for a week.
  void forget_old(std::int64_t second);

  const History& fleet() const noexcept { return fleet_; }
  /// nullptr for a node of which nothing is known.
  const History* find(std::string_view node_id) const;
  const Nodes& nodes() const noexcept { return nodes_; }

  /// What a HistoryEncoder made; `damaged` for anything else, and then nothing is changed.
  Result<void> load(std::string_view text);

 private:
  void fit();

  const std::size_t max_bytes_;
  History fleet_;
  Nodes nodes_;
  std::size_t six_hours_points_ = kRangeShapes[1].points, week_points_ = kRangeShapes[2].points;
};

/// Makes the file a history at a time, as all of them take a second: who guards them lets others in between, and they
/// may change meanwhile. One thread, which need not be that of the histories.
class HistoryEncoder {
 public:
  /// Copies the next history; false after the last. Only this needs that `of` stands still.
  bool take(const FleetHistory& of);
  /// Writes down what was copied.
  void write();
  /// The whole file, as of `second`.
  std::string finish(std::int64_t second);

 private:
  std::string out_;
  std::uint32_t count_ = 0;
  std::string name_;  // of what was copied; empty: the fleet
  std::optional<History> copied_;
};

}  // namespace p2p::metrics
