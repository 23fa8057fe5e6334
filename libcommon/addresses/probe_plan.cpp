#include "addresses/probe_plan.hpp"

#include <algorithm>

namespace p2p::addresses {

using std::chrono::milliseconds;

std::string_view no_path_between(const PathEnd& source, const PathEnd& target) noexcept {
  if (source.v6 != target.v6) return "one is IPv4, the other IPv6";
  if (source.loopback != target.loopback) return "a loopback address is of use on its own machine alone";
  if (source.link_local != target.link_local) return "a link-local address is of use on its own link alone";
  return {};
}

std::vector<ProbePair> pair_up(std::span<const PathEnd> sources, std::span<const PathEnd> targets) {
  std::vector<ProbePair> out;
  for (std::size_t target = 0; target < targets.size(); ++target) {
    for (std::size_t source = 0; source < sources.size(); ++source) {
      if (no_path_between(sources[source], targets[target]).empty()) out.push_back({source, target});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const ProbePair& a, const ProbePair& b) { return a.source + a.target < b.source + b.target; });
  return out;
}

milliseconds stagger_of(std::size_t count, milliseconds timeout) {
  if (count < 2) return kProbeStagger;
  return std::clamp(timeout / 2 / static_cast<int>(count - 1), kLeastProbeStagger, kProbeStagger);
}

ProbePlan::ProbePlan(std::size_t count, ProbeAim aim, milliseconds timeout, Monotonic now)
    : count_(count),
      aim_(aim),
      timeout_(timeout),
      stagger_(stagger_of(count, timeout)),
      deadline_(now + timeout),
      next_start_(now) {}

bool ProbePlan::can_start(Monotonic now) const {
  if (started_ == count_ || running_ == kProbesAtOnce) return false;
  return aim_ == ProbeAim::all || (!found_ && now >= next_start_ && now < deadline_);
}

std::vector<ProbePlan::Start> ProbePlan::tick(Monotonic now) {
  std::vector<Start> out;
  while (can_start(now)) {
    out.push_back({started_++, aim_ == ProbeAim::all ? now + timeout_ : deadline_});
    ++running_;
    next_start_ = now + stagger_;
  }
  return out;
}

void ProbePlan::ended(bool good, Monotonic now) {
  --running_;
  if (good)
    found_ = true;
  else
    next_start_ = now;
}

std::optional<Monotonic> ProbePlan::next_wakeup() const {
  if (aim_ == ProbeAim::all || found_ || started_ == count_ || running_ == kProbesAtOnce) return std::nullopt;
  return std::min(next_start_, deadline_);
}

bool ProbePlan::over(Monotonic now) const {
  if (aim_ == ProbeAim::first_good && found_) return true;
  if (running_ > 0) return false;
  return started_ == count_ || (aim_ == ProbeAim::first_good && now >= deadline_);
}

}  // namespace p2p::addresses
