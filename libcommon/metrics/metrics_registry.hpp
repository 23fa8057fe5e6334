// `/metrics`: the text that Prometheus reads, collected from callbacks when it is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/figures.hpp"

namespace p2p::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// How many observations fell into each bucket; `counts` has one more than `bounds`, and each is of its bucket alone.
struct Histogram {
  std::vector<double> bounds;  ///< rising, each inclusive
  std::vector<std::uint64_t> counts;
  double sum = 0;
};

/// Takes the samples of one rendering. A family has one kind and help text; a sample of it has labels of its own. Names
/// and labels that Prometheus refuses, and one name with two kinds, are our own mistakes: std::logic_error.
class MetricsWriter {
 public:
  virtual ~MetricsWriter() = default;
  /// Only ever rises while the process lives; the name ends with `_total`.
  virtual void counter(std::string_view name, std::string_view help, double value, const Labels& labels = {}) = 0;
  virtual void histogram(std::string_view name, std::string_view help, const Histogram& value,
                         const Labels& labels = {}) = 0;
  virtual void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {}) = 0;
};

/// Built at the start, then read by all threads.
class MetricsRegistry {
 public:
  /// Runs on the thread that renders, on several at a time, and must not block.
  using Collect = std::function<void(MetricsWriter&)>;
  /// What the collector captures must outlive the registry. Not once something renders.
  void add(Collect collect) { collectors_.push_back(std::move(collect)); }
  /// The text format 0.0.4, families by name, with what `more` writes.
  std::string render(const Collect& more = {}) const;

 private:
  std::vector<Collect> collectors_;
};

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

/// `process_*` with the names that Prometheus' own clients use, `p2p_host_*`, and `p2p_build_info`.
void write_standard_metrics(MetricsWriter& out, const Figures& now, const std::string& version);

}  // namespace p2p::metrics
