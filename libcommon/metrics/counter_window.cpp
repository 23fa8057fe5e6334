#include "metrics/counter_window.hpp"

#include <algorithm>
#include <chrono>

namespace p2p::metrics {
namespace {

using namespace std::chrono_literals;

constexpr auto kFine = 10s, kCoarse = 70s;

bool fell(const Counters& from, const Counters& to) {
  return to.calls < from.calls || to.errors < from.errors || to.logs < from.logs || to.log_errors < from.log_errors;
}

}  // namespace

void CounterWindow::add(Monotonic at, const Counters& counters) {
  if (!samples_.empty() && fell(samples_.back().counters, counters)) samples_.clear();
  if (!samples_.empty() && at <= samples_.back().at) return;
  samples_.push_back({at, counters});
  while (samples_.size() > 2 && at - samples_.front().at > kCoarse) samples_.pop_front();
  // Of what is older than the fine part, one within ten seconds stays.
  for (std::size_t i = 1; i + 1 < samples_.size() && at - samples_[i].at > kFine;) {
    if (samples_[i].at - samples_[i - 1].at < kFine && samples_[i + 1].at - samples_[i - 1].at <= kFine) {
      samples_.erase(samples_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

std::optional<CounterRates> CounterWindow::over(Monotonic::duration span) const {
  if (samples_.size() < 2) return std::nullopt;
  const Sample& to = samples_.back();
  const auto later = std::upper_bound(samples_.begin(), samples_.end() - 1, to.at - span,
                                      [](Monotonic wanted, const Sample& sample) { return wanted < sample.at; });
  const Sample& from = later == samples_.begin() ? *later : *(later - 1);
  const double seconds = std::chrono::duration<double>(to.at - from.at).count();
  const auto rate = [&](std::uint64_t Counters::*member) {
    return static_cast<double>(to.counters.*member - from.counters.*member) / seconds;
  };
  CounterRates out{rate(&Counters::calls), rate(&Counters::errors), rate(&Counters::logs), rate(&Counters::log_errors)};
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
    const std::uint64_t before = from.counters.latency[i], after = to.counters.latency[i];
    out.latency[i] = after > before ? after - before : 0;
  }
  return out;
}

}  // namespace p2p::metrics
