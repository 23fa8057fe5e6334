#include "metrics/metrics_registry.hpp"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>

namespace p2p::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

class FamilyWriter final : public MetricsWriter {
 public:
  void counter(std::string_view name, std::string_view help, double value, const Labels& labels) override {
    if (!name.ends_with("_total")) throw std::logic_error(fmt::format("counter {} must end with _total", name));
    add(MetricType::Counter, name, help, labels).counter.value = value;
  }
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels) override {
    add(MetricType::Gauge, name, help, labels).gauge.value = value;
  }
  void histogram(std::string_view name, std::string_view help, const Histogram& value, const Labels& labels) override {
    if (value.counts.size() != value.bounds.size() + 1) {
      throw std::logic_error(fmt::format("histogram {} needs a count for each bucket", name));
    }
    ClientMetric::Histogram& out = add(MetricType::Histogram, name, help, labels).histogram;
    for (std::size_t i = 0; i < value.counts.size(); ++i) {
      out.sample_count += value.counts[i];
      const bool last = i == value.bounds.size();
      out.bucket.push_back({out.sample_count, last ? std::numeric_limits<double>::infinity() : value.bounds[i]});
    }
    out.sample_sum = value.sum;
  }
  std::vector<MetricFamily> take() {
    std::vector<MetricFamily> out;
    for (auto& [name, family] : families_) out.push_back(std::move(family));
    return out;
  }

 private:
  ClientMetric& add(MetricType type, std::string_view name, std::string_view help, const Labels& labels) {
    if (!is_name(name) || help.empty()) throw std::logic_error(fmt::format("metric {} needs a name and help", name));
    const auto [place, is_new] = families_.try_emplace(std::string(name));
    MetricFamily& family = place->second;
    if (is_new) {
      family.name = name;
      family.help = help;
      family.type = type;
    }
    if (family.type != type) throw std::logic_error(fmt::format("metric {} has two kinds", name));
    ClientMetric& sample = family.metric.emplace_back();
    for (const auto& [label, value] : labels) {
      if (!is_name(label)) throw std::logic_error(fmt::format("metric {} has the label {}", name, label));
      sample.label.push_back({label, value});
    }
    return sample;
  }

  std::map<std::string, MetricFamily> families_;
};

}  // namespace

std::string MetricsRegistry::render(const Collect& more) const {
  FamilyWriter writer;
  for (const Collect& collect : collectors_) collect(writer);
  if (more) more(writer);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, writer.take());
  return std::move(out).str();
}

}  // namespace p2p::metrics
