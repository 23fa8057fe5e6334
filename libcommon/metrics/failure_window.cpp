#include "metrics/failure_window.hpp"

#include <algorithm>
#include <tuple>

namespace p2p::metrics {
namespace {

constexpr std::chrono::seconds kSampleInterval{10}, kLately{60};

double failed_part(const FailingMethod& method) {
  return static_cast<double>(method.failed) / static_cast<double>(method.calls);
}

}  // namespace

std::vector<FailingMethod> FailureWindow::add(Monotonic now, std::span<const MethodCounts> counted) {
  if (samples_.empty()) samples_.push_back({now, {}});
  while (samples_.size() > 1 && now - samples_[1].at >= kLately) samples_.pop_front();
  const auto& before = samples_.front().methods;
  std::vector<FailingMethod> out;
  for (const MethodCounts& method : counted) {
    if (method.failed == 0) continue;
    const auto found = before.find(method.method);
    const bool rose =
        found != before.end() && method.calls >= found->second.calls && method.failed >= found->second.failed;
    const Counts from = rose ? found->second : Counts{};
    if (method.failed == from.failed) continue;
    out.push_back({std::string(method.method), method.calls - from.calls, method.failed - from.failed});
  }
  std::ranges::sort(out, [](const FailingMethod& a, const FailingMethod& b) {
    return std::tuple(-failed_part(a), b.failed, std::string_view(a.method)) <
           std::tuple(-failed_part(b), a.failed, std::string_view(b.method));
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
