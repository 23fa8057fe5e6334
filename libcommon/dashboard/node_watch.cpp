#include "dashboard/node_watch.hpp"

#include <algorithm>
#include <utility>

#include "dashboard/belief.hpp"
#include "dashboard/judgement.hpp"

namespace p2p::dashboard {

using metrics::CounterRates;
using metrics::NodeFigures;
using metrics::Series;

void NodeWatch::take(NodeFigures figures, Monotonic now) {
  const auto span = now - std::exchange(heard_, now);
  disbelief_ = disbelief(figures, figures_ ? &*figures_ : nullptr, span).value_or("");
  if (!disbelief_.empty()) return figures_.reset();
  if (!figures_) {
    window_ = {};
    service_calls_.clear();
  }
  decltype(service_calls_) calls;
  for (const auto& service : figures.services) {
    if (auto known = service_calls_.extract(service.name); !known.empty()) calls.insert(std::move(known));
    calls[service.name].take(service.calls, now);
  }
  service_calls_ = std::move(calls);
  figures_ = std::move(figures);
}

void NodeWatch::ServiceCalls::take(std::uint64_t count, Monotonic now) {
  const bool is_new = !from_ || count < next_->count;
  if (is_new) from_ = next_ = Sample{count, now};
  if (now - next_->at >= kShownSpan / 2) from_ = std::exchange(next_, Sample{count, now});
  const double seconds = std::chrono::duration<double>(now - from_->at).count();
  per_second_ = seconds > 0 ? static_cast<double>(count - from_->count) / seconds : 0;
}

void NodeWatch::tick(Monotonic now, const LogCount* logged) {
  if (now - heard_ > kStaleFigures) {
    figures_.reset();
    disbelief_ = {};
  }
  metrics::Counters counters;
  if (figures_) {
    counters.calls = figures_->calls;
    counters.errors = figures_->errors;
    counters.latency = figures_->latency;
  }
  if (logged != nullptr) {
    counters.logs = logged->records;
    counters.log_errors = logged->errors;
    last_error_ = logged->last_error;
  }
  window_.add(now, counters);
}

NodeRates NodeWatch::rates() const {
  return {window_.over(kShownSpan), window_.over(kPointSpan), window_.over(kErrorSpan)};
}

void NodeWatch::describe(NodeEntry& entry) const {
  entry.last_error = last_error_;
  entry.disbelief = disbelief_;
  const NodeRates rates = this->rates();
  if (rates.shown) entry.logs_per_second = rates.shown->logs_per_second;
  if (rates.minute) entry.log_errors_per_minute = rates.minute->log_errors_per_second * 60;
  if (!figures_) return;
  add_figures(entry);
  add_services(entry);
  add_failing(entry);
  if (!rates.shown) return;
  entry.calls_per_second = rates.shown->calls_per_second;
  entry.errors_per_second = rates.shown->errors_per_second;
  entry.call_p99_ms = metrics::latency_quantile_ms(rates.shown->latency, 0.99);
}

void NodeWatch::add_figures(NodeEntry& entry) const {
  entry.cpu = figures_->cpu;
  entry.load1 = figures_->load1;
  entry.cores = figures_->cores;
  if (figures_->memory) {
    entry.memory_used = figures_->memory->used;
    entry.memory_total = figures_->memory->total;
  }
  if (figures_->disk) {
    entry.disk_used = figures_->disk->used;
    entry.disk_total = figures_->disk->total;
  }
  entry.rss = figures_->rss;
}

void NodeWatch::add_services(NodeEntry& entry) const {
  for (const auto& service : figures_->services) {
    ServiceEntry& to = entry.services[service.name];
    to.state = service.state == "error" ? "failed" : service.state;
    to.restarts = service.restarts;
    to.error = service.trouble;
    if (!service.version.empty()) to.version = service.version;
    to.calls_per_second = service_calls_.at(service.name).per_second();
  }
}

/// By name: an order that changes would be news each time.
void NodeWatch::add_failing(NodeEntry& entry) const {
  for (const auto& [method, calls, failed, error] : figures_->failing) {
    const double share = static_cast<double>(failed) / static_cast<double>(calls);
    if (share >= kFailingCalls) entry.failing.push_back({method, share, error});
  }
  std::ranges::sort(entry.failing, {}, &FailingMethod::method);
}

std::optional<metrics::SeriesValues> NodeWatch::point() const {
  if (!figures_) return std::nullopt;
  metrics::SeriesValues out;
  out.fill(metrics::kUnknown);
  const auto at = [&](Series series) -> float& { return out[static_cast<std::size_t>(series)]; };
  at(Series::cpu) = chart_value(figures_->cpu);
  at(Series::memory) = chart_value(used_part(figures_->memory));
  const auto rates = window_.over(kPointSpan);
  if (!rates) return out;
  at(Series::calls) = static_cast<float>(rates->calls_per_second);
  at(Series::errors) = static_cast<float>(rates->errors_per_second);
  at(Series::p99) = chart_value(metrics::latency_quantile_ms(rates->latency, 0.99));
  at(Series::logs) = static_cast<float>(rates->logs_per_second);
  return out;
}

std::optional<double> used_part(const std::optional<metrics::Share>& share) {
  if (!share || share->total == 0) return std::nullopt;
  return static_cast<double>(share->used) / static_cast<double>(share->total);
}

float chart_value(const std::optional<double>& value) { return value ? static_cast<float>(*value) : metrics::kUnknown; }

}  // namespace p2p::dashboard
