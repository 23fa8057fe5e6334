// `/metrics`: the text that Prometheus reads, collected from callbacks when it is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Thread-safe. Collectors run on the thread that renders, one rendering at a time.
class MetricsRegistry {
 public:
  using Collect = std::function<void(MetricsWriter&)>;
  /// What the collector captures must outlive the registry.
  void add(Collect collect);
  /// The text format 0.0.4, families by name.
  std::string render() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Collect> collectors_;
};

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

/// `process_*` with the names that Prometheus' own clients use, `p2p_host_*` with the file system that holds `home`,
/// and `p2p_build_info`.
void add_standard_metrics(MetricsRegistry& registry, std::filesystem::path home, std::string version);

}  // namespace p2p::metrics
