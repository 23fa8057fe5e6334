#include "call_repeat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <thread>

#include "base/text.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kNamedErrors = 10;  // texts of a service may differ each time

double rounded(double ms) { return std::round(ms * 1000) / 1000; }

/// The smallest value that so many per cent do not exceed (nearest rank).
double percentile(const std::vector<double>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// {calls, failed, ms: {min, mean, p50, p95, p99, max}, errors: {message: how often}}; `ms` null when none was
/// answered.
Json summary_of(std::vector<double> took, std::uint64_t count, const std::map<std::string, std::uint64_t>& errors) {
  Json out = {{"calls", count}, {"failed", count - took.size()}, {"ms", nullptr}, {"errors", errors}};
  if (took.empty()) return out;
  std::sort(took.begin(), took.end());
  const double mean = std::accumulate(took.begin(), took.end(), 0.0) / static_cast<double>(took.size());
  out["ms"] = {{"min", rounded(took.front())},         {"mean", rounded(mean)},
               {"p50", rounded(percentile(took, 50))}, {"p95", rounded(percentile(took, 95))},
               {"p99", rounded(percentile(took, 99))}, {"max", rounded(took.back())}};
  return out;
}

void show(cli::Output& out, const Json& summary) {
  if (out.format() != cli::Format::table) return out.value(dump_json(summary));
  std::vector<std::pair<std::string, cli::Cell>> pairs;
  for (const char* key : {"calls", "failed"}) pairs.emplace_back(key, cli::member_cell(summary, key));
  if (summary["failed"] != 0) pairs.back().second.style = cli::Style::bad;
  if (const Json& ms = summary["ms"]; !ms.is_null()) {
    for (const char* key : {"min", "mean", "p50", "p95", "p99", "max"})
      pairs.emplace_back(key, cli::Cell{fmt::format("{:.2f} ms", ms[key].get<double>())});
  }
  if (const milliseconds waited(summary["waited_ms"].get<milliseconds::rep>()); waited.count() > 0)
    pairs.emplace_back("waited", cli::Cell{format_duration(waited) + " for rate limits, which is not counted above"});
  for (const auto& [message, times] : summary["errors"].items())
    pairs.emplace_back(fmt::format("{} times", times.get<std::uint64_t>()), cli::Cell{message});
  out.stream() << render_pairs(pairs, out.surface());
}

}  // namespace

Attempt<void> repeat_call(Repetition repetition, const std::function<Attempt<void>()>& once,
                          const std::function<std::chrono::milliseconds()>& waited, cli::Output& out) {
  const std::uint64_t count = repetition.count;
  std::vector<double> took;
  std::map<std::string, std::uint64_t> errors;
  Failure worst(cli::kDone, "");
  for (std::uint64_t round = 0; round < count; ++round) {
    if (round > 0) std::this_thread::sleep_for(repetition.interval);
    const auto waited_before = waited();
    const auto begin = Steady::now();
    const auto done = once();
    const std::chrono::duration<double, std::milli> elapsed = Steady::now() - begin - (waited() - waited_before);
    if (done) {
      took.push_back(elapsed.count());
      continue;
    }
    const std::string& message = done.error().message;
    if (errors.size() < kNamedErrors || errors.contains(message)) ++errors[message];
    if (done.error().exit_code > worst.exit_code) worst = done.error();
  }
  Json summary = summary_of(took, count, errors);
  summary["waited_ms"] = waited().count();
  show(out, summary);
  if (worst.exit_code == cli::kDone) return {};
  worst.message = fmt::format("{} of {} calls failed: {}", count - took.size(), count, worst.message);
  return worst;
}

}  // namespace p2p::ctl
