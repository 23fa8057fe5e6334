#include "dashboard/fleet_watch.hpp"

#include <algorithm>

#include "dashboard/judgement.hpp"
#include "metrics/fleet_history.hpp"

namespace p2p::dashboard {

using membership::NodeStatus;
using metrics::CounterRates;
using metrics::Series;

/// Of all nodes, in one second.
class FleetWatch::Sums {
 public:
  void add(const NodeWatch& node) {
    const NodeRates rates = node.rates();
    if (rates.minute) log_errors_per_minute += rates.minute->log_errors_per_second * 60;
    if (!node.figures()) return;
    cpu.add(node.figures()->cpu);
    memory.add(used_part(node.figures()->memory));
    if (!rates.shown || !rates.point) return;
    has_calls = true;
    add_calls(shown, *rates.shown);
    add_calls(point, *rates.point);
  }

  /// Of what some nodes tell, and others do not.
  struct Mean {
    double sum = 0;
    std::size_t count = 0;
    void add(const std::optional<double>& value) {
      if (!value) return;
      sum += *value;
      ++count;
    }
    std::optional<double> value() const {
      return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
    }
  };
  Mean cpu, memory;
  bool has_calls = false;
  CounterRates shown, point;
  double log_errors_per_minute = 0;

 private:
  static void add_calls(CounterRates& to, const CounterRates& rates) {
    to.calls_per_second += rates.calls_per_second;
    to.errors_per_second += rates.errors_per_second;
    for (std::size_t i = 0; i < metrics::kLatencyBuckets; ++i) to.latency[i] += rates.latency[i];
  }
};

void FleetWatch::take(const std::string& node_id, metrics::NodeFigures figures, Monotonic now) {
  if (!nodes_.contains(node_id) && nodes_.size() >= metrics::kMaxHistories) return;
  nodes_[node_id].take(std::move(figures), now);
}

Picture FleetWatch::look(const Sight& sight) {
  metrics::Counters logged;
  logged.logs = sight.log_records;
  logs_.add(sight.now, logged);
  Picture out;
  out.snapshot.now = sight.date;
  Sums sums;
  for (const auto& seen : sight.view.nodes) {
    const std::string& node_id = seen.node_id();
    NodeWatch& node = nodes_[node_id];
    const auto count = sight.logs.find(node_id);
    node.tick(sight.now, count != sight.logs.end() ? &count->second : nullptr);
    sums.add(node);
    if (const auto point = node.point()) out.nodes.emplace_back(node_id, *point);
    NodeEntry& entry = out.snapshot.nodes[node_id] = entry_of(seen, sight);
    node.describe(entry, sight.date);
    judge(entry);
  }
  std::erase_if(nodes_, [&](const auto& node) { return sight.view.find(node.first) == nullptr; });
  out.snapshot.fleet = fleet_entry(sight, sums);
  out.fleet = fleet_point(sums);
  return out;
}

/// What membership knows of the node.
NodeEntry FleetWatch::entry_of(const membership::NodeView& node, const Sight& sight) const {
  const bool is_self = node.node_id() == self_id_;
  NodeEntry out;
  out.role = pki::to_string(node.role);
  out.status = membership::to_string(node.status);
  out.version = node.record->version;
  out.last_seen = is_self ? sight.date : node.last_seen;
  out.started_at = node.record->started_at;
  out.addresses = node.record->addresses;
  if (node.linked) out.linked_to.push_back(self_id_);
  const auto offset = is_self ? std::optional(std::chrono::milliseconds(0)) : sight.clock_offset(node.node_id());
  if (offset) out.clock_offset_ms = offset->count();
  // Until the node tells more, and where it is of a version that does not.
  for (const auto& [name, version] : node.record->services) {
    // A manifest without a version counts as "0".
    out.services[name] = {version == "0" ? "" : version, "running", 0, {}, {}};
  }
  return out;
}

FleetEntry FleetWatch::fleet_entry(const Sight& sight, const Sums& sums) const {
  FleetEntry out;
  out.name = fleet_name_;
  out.coordinator = self_id_;
  out.version = P2P_VERSION;
  for (const auto status : {NodeStatus::alive, NodeStatus::suspected, NodeStatus::dead, NodeStatus::left}) {
    out.nodes[std::string(membership::to_string(status))] = 0;
  }
  for (const auto& node : sight.view.nodes) ++out.nodes[std::string(membership::to_string(node.status))];
  if (sums.has_calls) {
    out.calls_per_second = sums.shown.calls_per_second;
    out.errors_per_second = sums.shown.errors_per_second;
    out.call_p50_ms = metrics::latency_quantile_ms(sums.shown.latency, 0.5);
    out.call_p99_ms = metrics::latency_quantile_ms(sums.shown.latency, 0.99);
  }
  if (const auto logs = logs_.over(kShownSpan)) out.logs_per_second = logs->logs_per_second;
  out.log_errors_per_minute = sums.log_errors_per_minute;
  out.logs_stored = !sight.log_trouble;
  if (sight.log_trouble) out.problems.push_back("log records are not stored: " + *sight.log_trouble);
  if (sight.history_trouble) out.problems.push_back("the charts are not saved: " + *sight.history_trouble);
  return out;
}

metrics::SeriesValues FleetWatch::fleet_point(const Sums& sums) const {
  metrics::SeriesValues out;
  out.fill(metrics::kUnknown);
  const auto at = [&](Series series) -> float& { return out[static_cast<std::size_t>(series)]; };
  at(Series::cpu) = chart_value(sums.cpu.value());
  at(Series::memory) = chart_value(sums.memory.value());
  if (sums.has_calls) {
    at(Series::calls) = static_cast<float>(sums.point.calls_per_second);
    at(Series::errors) = static_cast<float>(sums.point.errors_per_second);
    at(Series::p99) = chart_value(metrics::latency_quantile_ms(sums.point.latency, 0.99));
  }
  if (const auto logs = logs_.over(kPointSpan)) at(Series::logs) = static_cast<float>(logs->logs_per_second);
  return out;
}

}  // namespace p2p::dashboard
