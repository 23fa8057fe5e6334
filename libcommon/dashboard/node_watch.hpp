// What a coordinator knows of one node from second to second: the newest figures that the node told, the counters of
// its calls and log records, and rates out of them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "dashboard/snapshot.hpp"
#include "metrics/counter_window.hpp"
#include "metrics/history.hpp"
#include "metrics/node_figures.hpp"

namespace p2p::dashboard {

/// What was told longer ago is not known any more.
inline constexpr std::chrono::seconds kStaleFigures{4};
/// Over which time rates are taken: those that a page shows, those of a point of the charts, those of errors in the
/// log.
inline constexpr std::chrono::seconds kShownSpan{10}, kPointSpan{2}, kErrorSpan{60};

/// The log records of a node that were stored, counted.
struct LogCount {
  std::uint64_t records = 0, errors = 0;  ///< since the start of this process
  std::optional<LastError> last_error;
};
using LogCounts = std::map<std::string, LogCount, std::less<>>;

/// Rates over the three spans; none until there are two samples.
struct NodeRates {
  std::optional<metrics::CounterRates> shown, point, minute;
};

/// One thread.
class NodeWatch {
 public:
  /// What the node tells, once a second or so. Counters of one that is heard anew are no burst of calls. What cannot be
  /// (belief.hpp) counts as not told.
  void take(metrics::NodeFigures figures, Monotonic now);
  /// Once a second, after take(): forgets figures that are stale and counts what there is. `logged` may be null.
  void tick(Monotonic now, const LogCount* logged);

  /// None where nothing was told lately.
  const std::optional<metrics::NodeFigures>& figures() const noexcept { return figures_; }
  NodeRates rates() const;

  /// Fills what of the entry comes from figures, log and rates.
  void describe(NodeEntry& entry) const;
  /// The node's point of the charts; none where nothing was told lately.
  std::optional<metrics::SeriesValues> point() const;

 private:
  /// Two samples of a counter, so that a service costs no more than that: the rate is of the last five to ten seconds.
  class ServiceCalls {
   public:
    void take(std::uint64_t count, Monotonic now);
    double per_second() const noexcept { return per_second_; }

   private:
    struct Sample {
      std::uint64_t count = 0;
      Monotonic at{};
    };
    std::optional<Sample> from_, next_;
    double per_second_ = 0;
  };
  void add_figures(NodeEntry& entry) const;
  void add_services(NodeEntry& entry) const;
  void add_failing(NodeEntry& entry) const;

  metrics::CounterWindow window_;
  std::optional<metrics::NodeFigures> figures_;
  std::string_view disbelief_;  // of what was told last; empty: it is believed
  std::map<std::string, ServiceCalls, std::less<>> service_calls_;
  Monotonic heard_{};
  std::optional<LastError> last_error_;
};

/// The used part, 0 to 1; none of nothing.
std::optional<double> used_part(const std::optional<metrics::Share>& share);
/// For a chart: kUnknown for none.
float chart_value(const std::optional<double>& value);

}  // namespace p2p::dashboard
