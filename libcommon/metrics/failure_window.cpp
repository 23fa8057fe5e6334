#include "metrics/failure_window.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace p2p::metrics {
namespace {

constexpr std::chrono::seconds kSampleInterval{10}, kLately{60};

/// What part of the calls fails, at least, as far as so many tell: the lower end of Wilson's interval of 95% (Probable
/// Inference, the Law of Succession, and Statistical Inference, 1927). One of one says less than 50 of 100.
double sure_part(const FailingMethod& method) {
  constexpr double z = 1.96;
  const double calls = static_cast<double>(method.calls), part = static_cast<double>(method.failed) / calls;
  const double spread = std::sqrt((part * (1 - part) + z * z / (4 * calls)) / calls);
  return (part + z * z / (2 * calls) - z * spread) / (1 + z * z / calls);
}

}  // namespace

std::vector<FailingMethod> FailureWindow::add(Monotonic now, std::span<const MethodCounts> counted) {
  if (samples_.empty()) samples_.push_back({now, {}});
  while (samples_.size() > 1 && now - samples_[1].at >= kLately) samples_.pop_front();
  const auto& before = samples_.front().methods;
  decltype(kept_) kept;
  for (const MethodCounts& method : counted) {
    if (method.failed == 0) continue;
    const auto found = before.find(method.method);
    const bool rose =
        found != before.end() && method.calls >= found->second.calls && method.failed >= found->second.failed;
    const Counts from = rose ? found->second : Counts{};
    std::string name(method.method);
    if (method.failed > from.failed) {
      kept[name] = {{name, method.calls - from.calls, method.failed - from.failed}, now};
      continue;
    }
    const auto last = kept_.find(name);
    const bool is_quiet = method.calls == from.calls;
    if (is_quiet && last != kept_.end() && now - last->second.at < kFailingKept) kept.insert(kept_.extract(last));
  }
  kept_ = std::move(kept);
  std::vector<FailingMethod> out;
  for (const auto& [name, last] : kept_) out.push_back(last.method);
  std::ranges::sort(out, [](const FailingMethod& a, const FailingMethod& b) {
    return std::pair(-sure_part(a), std::string_view(a.method)) < std::pair(-sure_part(b), std::string_view(b.method));
  });
  if (out.size() > kMaxFiguresFailing) out.resize(kMaxFiguresFailing);
  if (now - samples_.back().at >= kSampleInterval) keep(now, counted);
  return out;
}

void FailureWindow::keep(Monotonic now, std::span<const MethodCounts> counted) {
  Sample& sample = samples_.emplace_back(Sample{now, {}});
  for (const MethodCounts& method : counted) {
    if (method.calls > 0) sample.methods[std::string(method.method)] = {method.calls, method.failed};
  }
}

}  // namespace p2p::metrics
