#include "dashboard/fleet_watch.hpp"

#include <algorithm>

#include "dashboard/judgement.hpp"
#include "metrics/fleet_history.hpp"

namespace p2p::dashboard {

using membership::NodeStatus;
using metrics::CounterRates;
using metrics::Series;

namespace {

/// By the certificate that the node signs its record with, as by that it is listed or not; what it tells of itself may
/// be made up. Returns what the lists say of it.
std::optional<pki::RevokedSerial> add_certificate(NodeEntry& entry, const membership::SignerCertificate& certificate,
                                                  const Sight& sight) {
  const auto& [id, not_before, not_after] = certificate;
  entry.certificate = {to_hex(id.serial), not_before, not_after,
                       std::string(certificate_state(not_before, not_after, sight.date))};
  const auto* list = sight.revoked.find(id.issuer_key_id);
  const auto* found = list == nullptr ? nullptr : list->find(id.serial);
  if (found == nullptr) return std::nullopt;
  entry.certificate->state = "revoked";
  entry.certificate->revoked_at = found->at;
  return *found;
}

/// Of a node that somebody has taken out of the fleet nobody wants to be told that it is missing.
bool was_taken_out(const pki::RevokedSerial& revoked) {
  return revoked.reason == pki::RevocationReason::cessation_of_operation ||
         revoked.reason == pki::RevocationReason::superseded;
}

/// What of a node that was dropped is still so.
NodeEntry as_dropped(const NodeEntry& node) {
  NodeEntry out;
  out.role = node.role;
  out.status = membership::to_string(NodeStatus::dead);
  out.version = node.version;
  out.last_seen = node.last_seen;
  out.started_at = node.started_at;
  out.addresses = node.addresses;
  out.certificate = node.certificate;
  out.last_error = node.last_error;
  judge(out);
  return out;
}

}  // namespace

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
  nodes_[node_id].watch.take(std::move(figures), now);
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
    auto& [node, known, certificate] = nodes_[node_id];
    const auto count = sight.logs.find(node_id);
    node.tick(sight.now, count != sight.logs.end() ? &count->second : nullptr);
    sums.add(node);
    if (const auto point = node.point()) out.nodes.emplace_back(node_id, *point);
    known = entry_of(seen, sight);
    certificate = seen.certificate;
    NodeEntry& entry = out.snapshot.nodes[node_id] = known;
    node.describe(entry);
    add_certificate(entry, *certificate, sight);
    judge(entry);
  }
  let_go(sight);
  for (const auto& [node_id, node] : dropped_) out.snapshot.nodes[node_id] = node.entry;
  out.snapshot.fleet = fleet_entry(sight, sums);
  for (const auto& [node_id, entry] : out.snapshot.nodes) ++out.snapshot.fleet.nodes[entry.status];
  out.fleet = fleet_point(sums);
  return out;
}

/// Of nodes that are listed no more: for a while those are kept whose certificate was revoked.
void FleetWatch::let_go(const Sight& sight) {
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    auto& [node_id, known] = *at;
    if (sight.view.find(node_id) != nullptr) {
      ++at;
      continue;
    }
    // What is told of a node that was never listed says nothing.
    if (!known.seen.status.empty() && dropped_.size() < kMaxRevokedShown) {
      NodeEntry entry = std::move(known.seen);
      known.watch.describe(entry);
      const auto revoked = add_certificate(entry, *known.certificate, sight);
      if (revoked && !was_taken_out(*revoked)) dropped_[node_id] = {as_dropped(entry), sight.now};
    }
    at = nodes_.erase(at);
  }
  std::erase_if(dropped_, [&](const auto& node) {
    return sight.view.find(node.first) != nullptr || sight.now - node.second.since >= kRevokedShown;
  });
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
  out.is_refused = node.refused;
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
