#include "membership/link_plan.hpp"

#include <algorithm>
#include <utility>

namespace p2p::membership {

using std::chrono::milliseconds;

Monotonic LinkPlan::next_dial() const { return is_linked() && !wanted_ ? Monotonic::max() : not_before_; }

LinkPlan::Dial LinkPlan::begin(std::vector<std::string> coordinators) {
  tried_ = wanted_;
  if (is_linked() && wanted_) return {wanted_->coordinators, true};
  Dial out{std::exchange(preferred_, {}), false};
  for (auto& address : coordinators) {
    if (std::find(out.addresses.begin(), out.addresses.end(), address) == out.addresses.end())
      out.addresses.push_back(std::move(address));
  }
  return out;
}

void LinkPlan::dialled(const std::string& own_address, Monotonic now) {
  link_from_ = own_address;
  linked_at_ = now;
  // The kernel may have sent from another address all the same: then nothing better is to be had.
  if (wanted_ && (wanted_ == tried_ || wanted_->own_address == own_address)) wanted_.reset();
}

void LinkPlan::dial_failed(Monotonic now, double chance) { pause(now, chance); }

void LinkPlan::link_ended(Monotonic now, double chance) {
  link_from_.reset();
  if (wanted_) preferred_ = std::move(wanted_->coordinators);
  wanted_.reset();
  if (now - linked_at_ > kSteadyLinkAfter) backoff_ = kFirstLinkBackoff;
  pause(now, chance);
}

void LinkPlan::pause(Monotonic now, double chance) {
  milliseconds length = backoff_;
  if (changed_at_ && now - *changed_at_ < kAfterChange) length = std::min(length, kAfterChangePause);
  not_before_ = now + std::chrono::duration_cast<milliseconds>(length * (0.8 + 0.4 * chance));
  backoff_ = std::min(backoff_ * 2, kLongestLinkBackoff);
}

bool LinkPlan::ways_changed(Monotonic now) {
  changed_at_ = now;
  if (is_linked()) return false;
  not_before_ = now;
  return true;
}

void LinkPlan::move(const std::string& own_address, std::vector<std::string> coordinators, Monotonic now) {
  if (!is_linked()) return prefer(std::move(coordinators));
  wanted_.reset();
  if (*link_from_ == own_address) return;
  wanted_ = Move{own_address, std::move(coordinators)};
  not_before_ = now;
}

}  // namespace p2p::membership
