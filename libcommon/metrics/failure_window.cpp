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

/// Whether so many successes since its last failure speak for a method of which that part of the calls failed: were it
/// as before, they would all have come by chance one time in twenty (the rule of three, Hanley and Lippman-Hand, JAMA
/// 1983). One that always failed is mended after three.
bool is_mended(std::uint64_t calls, std::uint64_t failed, std::uint64_t successes) {
  constexpr double kExpected = 3;
  return static_cast<double>(successes) * static_cast<double>(failed) >= kExpected * static_cast<double>(calls);
}

}  // namespace

FailureWindow::Failed FailureWindow::look(Failed before, const MethodCounts& method, Monotonic now) const {
  Failed out = std::move(before);
  if (method.failed != out.last.failed || method.calls < out.last.calls) out.last = {method.calls, method.failed};
  const auto& samples = samples_.front().methods;
  const auto found = samples.find(method.method);
  const bool rose =
      found != samples.end() && method.calls >= found->second.calls && method.failed >= found->second.failed;
  const Counts from = rose ? found->second : Counts{};
  if (method.failed > from.failed) {
    out.method = {std::string(method.method), method.calls - from.calls, method.failed - from.failed, {}};
    out.at = now;
    out.is_failing = !is_mended(out.last.calls - from.calls, out.method.failed, method.calls - out.last.calls);
  } else {
    out.is_failing = out.is_failing && method.calls == from.calls && now - out.at < kFailingKept;
  }
  return out;
}

std::vector<FailingMethod> FailureWindow::add(Monotonic now, std::span<const MethodCounts> counted) {
  if (samples_.empty()) samples_.push_back({now, {}});
  while (samples_.size() > 1 && now - samples_[1].at >= kLately) samples_.pop_front();
  std::vector<FailingMethod> out;
  decltype(failed_) failed;
  for (const MethodCounts& method : counted) {
    if (method.failed == 0) continue;
    auto before = failed_.extract(std::string(method.method));
    Failed state = look(before.empty() ? Failed() : std::move(before.mapped()), method, now);
    if (state.is_failing) out.push_back(state.method);
    failed.emplace(method.method, std::move(state));
  }
  failed_ = std::move(failed);
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
