#include "acme/renewal.hpp"

#include <algorithm>

namespace p2p::acme {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kFirstWait = std::chrono::minutes(1);
constexpr nanoseconds kLongestWait = std::chrono::hours(6);
constexpr nanoseconds kLongestWaitWithout = std::chrono::minutes(10);
// However little life is left, the server is not asked more often.
constexpr nanoseconds kShortestWait = std::chrono::seconds(10);
constexpr unsigned kMaxDoublings = 9;  // one minute, 2^9 times, is past the longest

nanoseconds part_of(nanoseconds whole, double part) {
  return nanoseconds(static_cast<nanoseconds::rep>(static_cast<double>(whole.count()) * part));
}

}  // namespace

std::string_view to_string(RenewalReason reason) noexcept {
  switch (reason) {
    case RenewalReason::missing: return "missing";
    case RenewalReason::requested: return "requested";
    case RenewalReason::names_changed: return "names_changed";
    case RenewalReason::suggested_time: return "suggested_time";
    case RenewalReason::authority_replaced: return "authority_replaced";
    case RenewalReason::old_age: return "old_age";
  }
  return "unknown";
}

std::string_view to_string(RenewalState state) noexcept {
  switch (state) {
    case RenewalState::good: return "good";
    case RenewalState::due: return "due";
    case RenewalState::failing: return "failing";
    case RenewalState::expired: return "expired";
  }
  return "unknown";
}

void Renewal::use(std::optional<CertificateLife> life) {
  life_ = std::move(life);
  window_.reset();
  superseded_from_.reset();
  requested_ = at_once_ = false;
}

void Renewal::suggest(const RenewalWindow& window) {
  if (window_ && window_->start == window.start && window_->end == window.end) return;
  window_ = window;
  chosen_ = window.start + part_of(window.end - window.start, random_.unit());
}

void Renewal::failed(std::string why, std::optional<std::chrono::seconds> retry_after, WallTime now) {
  nanoseconds wait = std::min(kFirstWait * (1U << std::min(failures_, kMaxDoublings)), kLongestWait);
  wait -= part_of(wait, random_.unit() / 2);
  if (retry_after) wait = std::max<nanoseconds>(wait, *retry_after);
  if (is_valid(now)) {
    wait = std::min(wait, std::max((life_->not_after - now) / 5, kShortestWait));
  } else if (!retry_after) {
    wait = std::min(wait, kLongestWaitWithout);
  }
  ++failures_;
  last_error_ = std::move(why);
  at_once_ = false;
  failed_at_ = now;
  wait_ = wait;
}

void Renewal::succeeded() {
  failures_ = 0;
  last_error_.clear();
}

void Renewal::began(RenewalReason reason, WallTime now) {
  if (reason != RenewalReason::names_changed) return;
  // A clock that was set back begins anew.
  const WallTime paid = now < names_began_at_ ? now : std::max(names_paid_until_, now);
  names_paid_until_ = paid + kNameRenewalEvery;
  names_began_at_ = now;
}

/// When names that are missing are the next reason.
WallTime Renewal::names_from(WallTime now) const {
  return now < names_began_at_ ? now : names_paid_until_ - (kNameRenewalsAtOnce - 1) * kNameRenewalEvery;
}

bool Renewal::has_wanted_names() const {
  return std::all_of(wanted_.begin(), wanted_.end(), [&](const pki::SubjectName& name) {
    return std::find(life_->names.begin(), life_->names.end(), name) != life_->names.end();
  });
}

WallTime Renewal::planned(WallTime now) const {
  const WallTime by_age = life_->not_after - (life_->not_after - life_->not_before) / 3;
  WallTime out = by_age;
  if (window_) out = std::min(out, chosen_);
  if (superseded_from_) out = std::min(out, *superseded_from_);
  if (!has_wanted_names()) out = std::min(out, std::max(now, names_from(now)));
  return out;
}

std::optional<RenewalReason> Renewal::reason(WallTime now) const {
  if (!life_) return RenewalReason::missing;
  if (requested_) return RenewalReason::requested;
  if (!has_wanted_names() && names_from(now) <= now) return RenewalReason::names_changed;
  if (now < planned(now)) return std::nullopt;
  if (superseded_from_ && now >= *superseded_from_) return RenewalReason::authority_replaced;
  return window_ && now >= chosen_ ? RenewalReason::suggested_time : RenewalReason::old_age;
}

WallTime Renewal::next_attempt(WallTime now) const {
  if (at_once_) return now;
  const WallTime wanted = reason(now) ? now : planned(now);
  // A clock that was set back must not turn a wait of minutes into one of years.
  const bool waiting = failures_ > 0 && now >= failed_at_;
  return waiting ? std::max(wanted, failed_at_ + wait_) : wanted;
}

std::optional<RenewalReason> Renewal::due(WallTime now) const {
  return next_attempt(now) <= now ? reason(now) : std::nullopt;
}

RenewalHealth Renewal::health(WallTime now) const {
  RenewalHealth out;
  out.reason = reason(now);
  out.next_attempt = next_attempt(now);
  if (life_) out.not_after = life_->not_after;
  out.failure_count = failures_;
  out.last_error = last_error_;
  if (!is_valid(now)) {
    out.state = RenewalState::expired;
  } else if (out.reason) {
    out.state = failures_ > 0 ? RenewalState::failing : RenewalState::due;
  }
  return out;
}

}  // namespace p2p::acme
