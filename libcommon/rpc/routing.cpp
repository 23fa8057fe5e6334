#include "rpc/routing.hpp"

#include <utility>

namespace p2p::rpc {

Breaker::State Breaker::state(Monotonic now) const {
  if (!open_) return State::closed;
  return now < open_until_ ? State::open : State::half_open;
}

bool Breaker::allows(Monotonic now) const {
  const State current = state(now);
  if (current != State::half_open) return current == State::closed;
  return !probe_began_ || now - *probe_began_ >= kProbePatience;
}

bool Breaker::begin(Monotonic now) {
  const bool probe = state(now) == State::half_open;
  if (probe) probe_began_ = now;
  return probe;
}

void Breaker::end(Verdict verdict, bool probe, Monotonic now) {
  if (probe) probe_began_.reset();
  // Once open, only the probe counts: calls that began before say nothing about the peer now.
  if (verdict == Verdict::abandoned || (open_ && !probe)) return;
  if (verdict == Verdict::answered) {
    *this = Breaker();
    return;
  }
  last_failure_ = now;
  if (++failures_ < kOpenAfter && !open_) return;
  open_for_ = open_ ? std::min(open_for_ * 2, kLongestOpen) : kFirstOpen;
  open_ = true;
  open_until_ = now + open_for_;
}

bool RetryBudget::take() {
  if (tenths_ < kTenthsPerRetry) return false;
  tenths_ -= kTenthsPerRetry;
  return true;
}

const Candidate* Balancer::choose(std::span<const Candidate* const> candidates, std::string_view service,
                                  Monotonic now) {
  std::vector<const Candidate*> open;
  for (const Candidate* candidate : candidates) {
    const auto breaker = breakers_.find({candidate->node_id, std::string(service)});
    if (breaker == breakers_.end() || breaker->second.allows(now)) open.push_back(candidate);
  }
  if (open.empty()) return nullptr;
  const std::size_t first = random_.below(open.size());
  if (open.size() == 1) return open[first];
  std::size_t second = random_.below(open.size() - 1);
  if (second >= first) ++second;
  const auto load = [&](std::size_t index) { return outstanding(open[index]->node_id); };
  return open[load(second) < load(first) ? second : first];
}

std::size_t Balancer::outstanding(std::string_view node) const {
  const auto found = outstanding_.find(node);
  return found == outstanding_.end() ? 0 : found->second;
}

std::optional<Balancer::Attempt> Balancer::begin(const std::string& node, std::string_view service, Monotonic now) {
  Attempt attempt{node, std::string(service)};
  if (const auto breaker = breakers_.find({attempt.node, attempt.service}); breaker != breakers_.end()) {
    if (!breaker->second.allows(now)) return std::nullopt;
    attempt.probe = breaker->second.begin(now);
  }
  ++outstanding_[node];
  return attempt;
}

void Balancer::end(const Attempt& attempt, Verdict verdict, Monotonic now) {
  if (const auto found = outstanding_.find(attempt.node); found != outstanding_.end() && --found->second == 0) {
    outstanding_.erase(found);
  }
  const std::pair<std::string, std::string> key{attempt.node, attempt.service};
  auto breaker = breakers_.find(key);
  if (breaker == breakers_.end()) {
    if (verdict != Verdict::failed) return;
    if (breakers_.size() >= kMaxBreakers) forget_old(now);
    if (breakers_.size() >= kMaxBreakers) return;
    breaker = breakers_.emplace(key, Breaker()).first;
  }
  breaker->second.end(verdict, attempt.probe, now);
  if (breaker->second.idle()) breakers_.erase(breaker);
}

void Balancer::forget_old(Monotonic now) {
  std::erase_if(breakers_, [&](const auto& entry) { return now - entry.second.last_failure() > kForgetAfter; });
}

std::vector<Balancer::OpenBreaker> Balancer::open_breakers(Monotonic now) const {
  std::vector<OpenBreaker> found;
  for (const auto& [key, breaker] : breakers_) {
    if (const auto state = breaker.state(now); state != Breaker::State::closed) {
      found.push_back({key.first, key.second, state});
    }
  }
  return found;
}

}  // namespace p2p::rpc
